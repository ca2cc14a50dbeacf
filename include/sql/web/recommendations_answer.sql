-- Purpose: a page of a viewer's list, as the API answers it. Grain: one row. Key: none. Inputs: serving.freshness,
-- serving.etag(), serving.recommend(). Parameters: user_id, row_limit, genres_in, genres_out, year_from, year_to,
-- leave_out, genre_cap, after.
with page as (
    select
        coalesce(bool_and(entry.is_complete), false) as is_complete,
        max(entry.place) as last_place,
        coalesce(
            json_agg(
                json_build_object(
                    'rank', entry.rank,
                    'movie_id', entry.movie_id,
                    'title', entry.title,
                    'release_year', entry.release_year,
                    'genres', coalesce(entry.genres, '{}'),
                    'reason', entry.reason,
                    'because_movie_id', entry.because_movie_id,
                    'origin', entry.origin
                )
                order by entry.rank
            ),
            '[]'
        ) as items
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
)

select
    serving.etag(%(user_id)s::bigint) as etag,
    json_build_object(
        'user_id', %(user_id)s::bigint,
        'version_id', freshness.version_id,
        'delta_id', freshness.delta_id,
        'is_complete', page.is_complete,
        'next', case when page.is_complete then page.last_place end,
        'items', page.items
    )::text as body
from serving.freshness
cross join page
