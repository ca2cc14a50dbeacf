-- Purpose: whether core can be built of a batch: its slices have not been pruned, and all of them are staged.
-- Grain: one row. Key: batch_id. Inputs: ops.batch, ops.batch_slice, ops.slice. Parameters: batch_id.
select
    batch.status,
    batch.is_pruned,
    (
        select count(*)
        from ops.batch_slice
        inner join ops.slice on batch_slice.slice_id = slice.slice_id
        where batch_slice.batch_id = batch.batch_id and slice.staged_at is null
    ) as unstaged
from ops.batch
where batch.batch_id = %(batch_id)s;
