-- Purpose: a page of a viewer's list, as the API answers it. Grain: one row. Key: none. Inputs: serving.freshness,
-- serving.etag(), serving.recommend(). Parameters: user_id, row_limit, genres_in, genres_out, year_from, year_to,
-- leave_out, genre_cap, after.
with recommended as (
    select entry.*
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
    ) as entry
),

-- what is shown of a movie: an object of the answer has these columns
item as (
    select
        rank,
        movie_id,
        title,
        release_year,
        coalesce(genres, '{}') as genres,
        reason,
        because_movie_id,
        origin
    from recommended
),

page as (
    select
        coalesce(bool_and(is_complete), false) as is_complete,
        max(place) as last_place
    from recommended
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
