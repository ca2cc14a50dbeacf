-- Purpose: the scale of a source's ratings in a batch, also at the slices that they came in. A slice that was staged on
-- another scale is staged again.
-- Grain: one row; slice. Key: batch_id, source; slice_id. Inputs: ops.batch_scale, ops.slice, ops.batch_slice.
-- Parameters: batch_id, source, scale_low, scale_high, unrated, basis, certainty, rows.
insert into ops.batch_scale (batch_id, source, low, high, unrated, basis, certainty, ratings)
values (
    %(batch_id)s, %(source)s, %(scale_low)s, %(scale_high)s, %(unrated)s::double precision[], %(basis)s,
    %(certainty)s, %(rows)s
)
on conflict (batch_id, source) do update
    set
        low = excluded.low,
        high = excluded.high,
        unrated = excluded.unrated,
        basis = excluded.basis,
        certainty = excluded.certainty,
        ratings = excluded.ratings;

update ops.slice
set
    scale_low = %(scale_low)s,
    scale_high = %(scale_high)s,
    unrated = %(unrated)s::double precision[],
    staged_at = null
from ops.batch_slice
where
    batch_slice.slice_id = slice.slice_id
    and batch_slice.batch_id = %(batch_id)s
    and slice.source = %(source)s
    and slice.table_name in ('ratings', 'feedback_event')
    and (slice.scale_low, slice.scale_high, slice.unrated)
    is distinct from (%(scale_low)s::real, %(scale_high)s::real, %(unrated)s::double precision[]);
