-- Purpose: what a run of a DAG works on: its batch, and the version that is live of what it published.
-- Grain: one row, none where the run has no batch. Key: batch_id. Inputs: ops.run_batch, ops.batch, serving.version.
-- Parameters: dag_id, run_id, publish_dag.
select
    run_batch.batch_id,
    batch.status,
    (
        select max(version.version_id)
        from serving.version
        where
            run_batch.dag_id = %(publish_dag)s
            and version.run_id = run_batch.run_id
            and version.status = 'published'
    ) as version_id
from ops.run_batch
inner join ops.batch on run_batch.batch_id = batch.batch_id
where run_batch.dag_id = %(dag_id)s and run_batch.run_id = %(run_id)s;
