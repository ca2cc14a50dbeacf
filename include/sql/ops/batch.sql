-- Purpose: one batch.
-- Grain: one row. Key: batch_id. Inputs: ops.batch. Parameters: batch_id.
select
    batch_id,
    run_id,
    dataset,
    as_of,
    accept_volume_change,
    is_full,
    status
from ops.batch
where batch_id = %(batch_id)s;
