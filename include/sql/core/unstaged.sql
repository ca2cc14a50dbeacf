-- Purpose: slices of a night that are gone, or not split yet: core cannot be built of it.
-- Grain: one row. Parameters: batch_id.
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
