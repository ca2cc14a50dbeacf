-- Purpose: note when a task of a night ran and how much memory it took; a task that runs again replaces what it noted.
-- Grain and key: batch_id, dag_id, task_id, map_index. Inputs: ops.run_batch. Parameters: dag_id, run_id, task_id,
-- map_index, started_at, ended_at, peak_memory_mb.
insert into ops.night_stage (
    batch_id, dag_id, task_id, map_index, started_at, ended_at, peak_memory_mb
)
select
    batch_id,
    dag_id,
    %(task_id)s as task_id,
    %(map_index)s as map_index,
    %(started_at)s as started_at,
    %(ended_at)s as ended_at,
    %(peak_memory_mb)s as peak_memory_mb
from ops.run_batch
where dag_id = %(dag_id)s and run_id = %(run_id)s
on conflict (batch_id, dag_id, task_id, map_index) do update
    set
        started_at = excluded.started_at,
        ended_at = excluded.ended_at,
        peak_memory_mb = excluded.peak_memory_mb;
