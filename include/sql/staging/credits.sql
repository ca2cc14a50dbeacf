-- Purpose: credits, several people in one field, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.credits. Key: slice_id, position. Inputs: raw.credits, ops.slice. Parameters: none.
-- "offset 0" keeps the cast in one place.
-- noqa: disable=PRS,ST05
create view staging.credits_typed as
select
    credits.slice_id,
    credits.position,
    ops.as_bigint(credits.movie_id) as movie_id,
    ops.as_word(credits.title) as title,
    typed.release_date,
    coalesce(extract(year from typed.release_date)::integer, ops.year_of_date(credits.released)) as release_year,
    ops.as_known(credits.released) as release_date_text,
    ops.as_known(ops.listed(credits.director)) as directors,
    ops.as_known(ops.listed(credits.actors)) as actors,
    ops.as_known(ops.listed(credits.writers)) as writers,
    credits.is_deleted,
    credits.extra,
    to_jsonb(credits) - 'slice_id' - 'position' as record
from raw.credits
inner join ops.slice on credits.slice_id = slice.slice_id
cross join lateral (
    select ops.as_date(credits.released, slice.date_order) as release_date
    offset 0
) as typed;
