-- Purpose: movies whose title is most like a text, as the API answers them. Grain: one row. Key: none.
-- Inputs: serving.freshness, serving.etag(), serving.search(). Parameters: query, row_limit, after.
with page as (
    select
        count(*) as movies,
        max(entry.rank) as last_rank,
        coalesce(
            json_agg(
                json_build_object(
                    'rank', entry.rank,
                    'movie_id', entry.movie_id,
                    'title', entry.title,
                    'release_year', entry.release_year,
                    'genres', coalesce(entry.genres, '{}'),
                    'similarity', entry.similarity
                )
                order by entry.rank
            ),
            '[]'
        ) as items
    from serving.search(%(query)s::text, %(row_limit)s::integer, %(after)s::bigint) as entry
)

select
    serving.etag() as etag,
    json_build_object(
        'version_id', freshness.version_id,
        'next', case when page.movies = %(row_limit)s::integer then page.last_rank end,
        'items', page.items
    )::text as body
from serving.freshness
cross join page
