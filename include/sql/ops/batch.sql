-- Purpose: one batch.
-- Grain: one row. Parameters: batch_id.
select
    batch_id,
    dataset,
    status
from ops.batch
where batch_id = %(batch_id)s;
