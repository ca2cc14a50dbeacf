-- Purpose: slices of a source in a batch whose dates end in the year, and how they are written; not those of rows that
-- came again, which are written as where they came from.
-- Grain: slice. Key: slice_id. Inputs: ops.batch_slice, ops.slice. Parameters: batch_id, source.
select
    slice.slice_id,
    slice.table_name,
    slice.piece,
    slice.date_order,
    slice.date_example,
    slice.batch_id = %(batch_id)s as is_new
from ops.batch_slice
inner join ops.slice on batch_slice.slice_id = slice.slice_id
where
    batch_slice.batch_id = %(batch_id)s
    and slice.source = %(source)s
    and slice.date_order is not null
    and slice.origin_slice_id is null
order by slice.slice_id;
