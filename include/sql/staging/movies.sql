-- Purpose: movies, their genres still in one field, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.movies. Key: slice_id, position. Inputs: raw.movies, ops.slice. Parameters: none.
-- "offset 0" keeps the casts in one place: written out, each rule and each column would cast for itself.
-- noqa: disable=LT02,PRS,ST05
create view staging.movies_typed as
select
    movies.slice_id,
    movies.position,
    typed.movie_id,
    typed.title,
    typed.release_year,
    typed.release_year_text,
    typed.release_date,
    typed.release_date_text,
    typed.genres,
    slice.genre_sign,
    movies.is_deleted,
    movies.extra,
    to_jsonb(movies) - 'slice_id' - 'position' as record
from raw.movies
inner join ops.slice on movies.slice_id = slice.slice_id
cross join lateral (
    select
        ops.as_bigint(movies.movie_id) as movie_id,
        ops.as_word(movies.title) as title,
        coalesce(
            ops.as_release_year(movies.release_year),
            case
                when
                    ops.as_known(movies.release_year) is null
                    and ops.as_date(movies.release_date, slice.date_order) is null
                    then ops.year_of_date(movies.release_date)
            end
        ) as release_year,
        ops.as_known(movies.release_year) as release_year_text,
        ops.as_date(movies.release_date, slice.date_order) as release_date,
        ops.as_known(movies.release_date) as release_date_text,
        case
            when slice.has_spaced_genres then regexp_replace(ops.as_word(movies.genres), '\s+', '|', 'g')
            else ops.as_word(ops.listed(movies.genres))
        end as genres
    offset 0
) as typed;
