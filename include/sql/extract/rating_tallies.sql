-- Purpose: how often each rating stands in the pieces of a source in a batch.
-- Grain and key: table_name, piece, value. Inputs: ops.batch_slice, ops.slice, ops.rating_tally.
-- Parameters: batch_id, source.
select
    slice.table_name,
    slice.piece,
    rating_tally.value,
    sum(rating_tally.rows)::bigint as rows
from ops.batch_slice
inner join ops.slice on batch_slice.slice_id = slice.slice_id
inner join ops.rating_tally on slice.slice_id = rating_tally.slice_id
where batch_slice.batch_id = %(batch_id)s and slice.source = %(source)s
group by slice.table_name, slice.piece, rating_tally.value
order by slice.table_name, slice.piece, rating_tally.value;
