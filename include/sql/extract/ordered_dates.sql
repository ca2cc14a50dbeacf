-- Purpose: the largest numbers in front of the year, in dates that end in it, of the slices that a batch loaded, and a
-- date that has the largest of all. Of a slice the first thousand rows tell whether there are such dates at all.
-- Grain: slice. Key: slice_id. Inputs: raw, ops.slice, ops.batch_slice. Parameters: batch_id, source.
select
    slice_id,
    first_number,
    second_number,
    example
from ops.ordered_dates(%(batch_id)s, %(source)s);
