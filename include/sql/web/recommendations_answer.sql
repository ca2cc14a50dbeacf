-- Purpose: a page of a viewer's list, as the API answers it. Grain: one row. Key: none. Inputs: serving.freshness,
-- serving.etag(), serving.recommend(). Parameters: user_id, row_limit, genres_in, genres_out, year_from, year_to,
-- leave_out, genre_cap, after.
with entry as (
    select
        recommended.rank,
        recommended.movie_id,
        recommended.title,
        recommended.release_year,
        coalesce(recommended.genres, '{}') as genres,
        recommended.reason,
        recommended.because_movie_id,
        recommended.origin,
        recommended.place,
        recommended.is_complete
    from serving.recommend(
        %(user_id)s::bigint,
        %(row_limit)s::integer,
        %(genres_in)s::text[],
        %(genres_out)s::text[],
        %(year_from)s::integer,
        %(year_to)s::integer,
        %(leave_out)s::bigint[],
        %(genre_cap)s::integer,
        %(after)s::bigint
    ) as recommended
),

-- what is shown of an entry: an object of the answer has these columns
item as (
    select
        rank,
        movie_id,
        title,
        release_year,
        genres,
        reason,
        because_movie_id,
        origin
    from entry
),

page as (
    select
        coalesce(bool_and(is_complete), false) as is_complete,
        max(place) as last_place
    from entry
)

select
    serving.etag(%(user_id)s::bigint) as etag,
    json_build_object(
        'user_id', %(user_id)s::bigint,
        'version_id', freshness.version_id,
        'delta_id', freshness.delta_id,
        'is_complete', page.is_complete,
        'next', case when page.is_complete then page.last_place end,
        'items', (select coalesce(json_agg(item order by item.rank), '[]') from item)
    )::text as body
from serving.freshness
cross join page
