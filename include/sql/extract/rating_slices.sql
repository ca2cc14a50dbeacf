-- Purpose: the slices of a source with ratings in a batch, and the scale that they have been given.
-- Grain: slice. Key: slice_id. Inputs: ops.batch_slice, ops.slice, ops.rating_tally. Parameters: batch_id, source.
select
    slice.slice_id,
    slice.table_name,
    slice.piece,
    exists(
        select 1 from ops.rating_tally
        where rating_tally.slice_id = slice.slice_id
    ) as is_tallied
from ops.batch_slice
inner join ops.slice on batch_slice.slice_id = slice.slice_id
where
    batch_slice.batch_id = %(batch_id)s
    and slice.source = %(source)s
    and slice.table_name in ('ratings', 'feedback_event')
order by slice.slice_id;
