-- Purpose: whether core can be built of a batch: its slices have not been pruned, and all of them are staged; or all
-- were staged once, and newer rules would stage some otherwise (waits_again).
-- Grain: one row. Key: batch_id. Inputs: ops.batch, ops.batch_slice, ops.slice. Parameters: batch_id.
select
    batch.status,
    batch.is_pruned,
    count(slice.slice_id) as unstaged,
    count(slice.slice_id) > 0 and count(slice.slice_id) = count(slice.staging_rows) as waits_again
from ops.batch
left join ops.batch_slice on batch.batch_id = batch_slice.batch_id
left join ops.slice on batch_slice.slice_id = slice.slice_id and slice.staged_at is null
where batch.batch_id = %(batch_id)s
group by batch.batch_id;
