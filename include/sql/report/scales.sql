-- Purpose: the scale of each source's ratings in a batch, and how many of them mean "seen, not rated".
-- Grain and key: source. Inputs: ops.batch_scale, ops.rating_tally, ops.batch_slice, ops.slice. Parameters: batch_id.
select
    batch_scale.source,
    batch_scale.low,
    batch_scale.high,
    batch_scale.unrated,
    batch_scale.basis,
    batch_scale.certainty,
    batch_scale.ratings,
    (
        select coalesce(sum(rating_tally.rows), 0)::bigint
        from ops.batch_slice
        inner join ops.slice on batch_slice.slice_id = slice.slice_id
        inner join ops.rating_tally on slice.slice_id = rating_tally.slice_id
        where
            batch_slice.batch_id = batch_scale.batch_id
            and slice.source = batch_scale.source
            and rating_tally.value = any(batch_scale.unrated)
    ) as unrated_rows
from ops.batch_scale
where batch_scale.batch_id = %(batch_id)s
order by batch_scale.source;
