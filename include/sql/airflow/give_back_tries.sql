-- Purpose: give a try back to each task that a scheduler took with it when it ended, and let the next one find them.
-- Airflow counts the try of such a task when it starts it again, although the task has not failed.
-- Grain: one row per task. Key: id. Inputs: Airflow's tables. Parameters: none.
-- Run it while no scheduler runs and before the workers that it left are ended: a task that is mapped and ended while
-- it starts is reported as failed by Airflow's runner, which asks an operator that is still to be made to end itself.
update job
set state = 'failed', end_date = now()
where job_type = 'SchedulerJob' and state = 'running';

update task_instance
set max_tries = task_instance.max_tries + 1
from dag_run
where
    task_instance.dag_id = dag_run.dag_id
    and task_instance.run_id = dag_run.run_id
    and dag_run.state = 'running'
    and task_instance.state in ('queued', 'running', 'restarting');
