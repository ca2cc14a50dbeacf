-- Purpose: slices of a source in a batch whose dates end in the year, and how they are read.
-- Grain: slice. Key: slice_id. Inputs: ops.batch_slice, ops.slice. Parameters: batch_id, source.
select
    slice.piece,
    slice.date_order,
    slice.date_example,
    -- the example has the largest number of all before the year, which beyond twelve is a day
    slice.date_order not in ('dmy', 'mdy')
    or slice.date_example ~ '^ *([0-9]+.)?(1[3-9]|[2-9][0-9])[^0-9]' as is_settled_here
from ops.batch_slice
inner join ops.slice on batch_slice.slice_id = slice.slice_id
where batch_slice.batch_id = %(batch_id)s and slice.source = %(source)s and slice.date_order is not null
order by slice.slice_id;
