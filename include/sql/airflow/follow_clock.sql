-- Purpose: let runs go on that a clock which was set back has left in the future. Airflow looks at no run, and tries no
-- task again, before the moment that is written there: for as long as the clock was set back, nothing would happen.
-- Grain: one row per run. Key: id. Inputs: Airflow's tables. Parameters: none.
update task_instance
set end_date = now()
where state = 'up_for_retry' and end_date > now();

update task_reschedule
set reschedule_date = now()
where start_date > now() and reschedule_date > now();

-- nothing but a clock that was set back makes a run begin, or be made, before its moment; a person may put one off
update dag_run
set run_after = now()
where
    run_after > now()
    and (
        state = 'running'
        or (state = 'queued' and (queued_at > now() or created_at > now() or run_type = 'asset_triggered'))
    );
