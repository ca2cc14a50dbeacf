-- Purpose: keep a notice; its night is that of the run's batch, else the one that the run names.
-- Grain: one row. Key: notice_id. Inputs: ops.run_batch, ops.batch. Parameters: kind, dag_id, task_id, map_index,
-- run_id, night, message, link.
insert into ops.notice (kind, dag_id, task_id, map_index, run_id, night, batch_id, message, link)
select
    %(kind)s as kind,
    %(dag_id)s as dag_id,
    %(task_id)s as task_id,
    %(map_index)s as map_index,
    %(run_id)s as run_id,
    coalesce(batch.as_of, %(night)s) as night,
    batch.batch_id,
    %(message)s as message,
    %(link)s as link
from (values (%(dag_id)s, %(run_id)s)) as notice_run (dag_id, run_id)
left join ops.run_batch on notice_run.dag_id = run_batch.dag_id and notice_run.run_id = run_batch.run_id
left join ops.batch on run_batch.batch_id = batch.batch_id
returning notice_id;
