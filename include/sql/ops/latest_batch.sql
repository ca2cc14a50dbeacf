-- Purpose: the batch that was opened last.
-- Grain: one row.
select latest_batch.batch_id
from ops.latest_batch;
