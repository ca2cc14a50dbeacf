-- Purpose: slices of a batch that have not been split into staging and quarantine, all of them where it starts anew.
-- Grain: slice. Key: slice_id. Inputs: ops.batch_slice, ops.slice, ops.batch. Parameters: batch_id.
select
    slice.slice_id,
    slice.source,
    slice.table_name,
    slice.piece,
    slice.raw_rows,
    slice.quarantine_rows,
    slice.staging_rows is not null as is_again
from ops.batch_slice
inner join ops.slice on batch_slice.slice_id = slice.slice_id
inner join ops.batch on batch_slice.batch_id = batch.batch_id
where
    batch_slice.batch_id = %(batch_id)s
    and (slice.staged_at is null or (batch.is_full and slice.staged_at < batch.started_at))
order by slice.slice_id
for no key update of slice;
