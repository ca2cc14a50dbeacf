-- Purpose: the rows in raw and staging from which made-up ratings would have come. Grain: none, it writes. Key: none.
-- Inputs: core.ratings. Parameters: none.
with slice as (
    insert into ops.slice (
        batch_id, source, table_name, piece, mode, fingerprint, raw_rows, staging_rows, quarantine_rows, staged_at
    )
    select
        1 as batch_id,
        'movielens' as source,
        'ratings' as table_name,
        'ratings.csv' as piece,
        'whole' as mode,
        'made up' as fingerprint,
        count(*) as raw_rows,
        count(*) as staging_rows,
        0 as quarantine_rows,
        now() as staged_at
    from core.ratings
    returning slice_id
),

numbered_rating as (
    select
        slice.slice_id,
        row_number() over ()::integer as position,
        ratings.user_id,
        ratings.movie_id,
        ratings.rating,
        ratings.rated_at
    from core.ratings
    cross join slice
),

raw_rating as (
    insert into raw.ratings (slice_id, position, user_id, movie_id, rating, rated_at)
    select
        slice_id,
        position,
        user_id::text as user_id,
        movie_id::text as movie_id,
        rating::text as rating,
        extract(epoch from rated_at)::bigint::text as rated_at
    from numbered_rating
)

insert into staging.ratings (slice_id, position, user_id, movie_id, rating, is_deleted, rated_at)
select
    slice_id,
    position,
    user_id,
    movie_id,
    rating,
    false as is_deleted,
    rated_at
from numbered_rating;
