-- Purpose: ratings on the scale 0.5 to 5, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.ratings. Key: slice_id, position. Inputs: raw.ratings, ops.slice (the scale of the source).
-- Parameters: none.
-- "offset 0" keeps the casts in one place: written out, each rule and each column would cast for itself. Nearly every
-- rating is written in plain digits, which one look at the whole row tells; the casts that understand more cost more.
-- noqa: disable=LT02,PRS,ST05
create view staging.ratings_typed as
select
    ratings.slice_id,
    ratings.position,
    ratings.user_id as user_id_text,
    ratings.movie_id as movie_id_text,
    ratings.rated_at as rated_at_text,
    typed.user_id,
    typed.movie_id,
    typed.rating,
    typed.is_unrated,
    typed.rated_at,
    ratings.is_deleted,
    ratings.extra,
    to_jsonb(ratings) - 'slice_id' - 'position' as record
from raw.ratings
inner join ops.slice on ratings.slice_id = slice.slice_id
cross join lateral (
    select
        ratings.rating in (
            '0.5', '1.0', '1.5', '2.0', '2.5', '3.0', '3.5', '4.0', '4.5', '5.0', '1', '2', '3', '4', '5'
        )
        and length(ratings.user_id) < 16
        and length(ratings.movie_id) < 16
        and length(ratings.rated_at) between 9 and 10
        and ratings.user_id <> ''
        and ratings.movie_id <> ''
        and (ratings.user_id || ratings.movie_id || ratings.rated_at) collate "C" !~ '[^0-9]' as is_plain
    offset 0
) as spelling
cross join lateral (
    select
        case when spelling.is_plain then ratings.user_id::bigint else ops.as_bigint(ratings.user_id) end as user_id,
        case when spelling.is_plain then ratings.movie_id::bigint else ops.as_bigint(ratings.movie_id) end as movie_id,
        case
            when spelling.is_plain and ops.is_within_scale(slice.scale_low, slice.scale_high) then ratings.rating::real
            else ops.as_stars(ops.as_number(ratings.rating), slice.scale_low, slice.scale_high)
        end as rating,
        slice.unrated <> '{}' and coalesce(ops.as_number(ratings.rating) = any(slice.unrated), false) as is_unrated,
        case
            when spelling.is_plain then to_timestamp(ratings.rated_at::double precision)
            else ops.as_time(ratings.rated_at, slice.date_order)
        end as rated_at
    offset 0
) as typed;
