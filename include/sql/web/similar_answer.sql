-- Purpose: movies like one movie, as the API answers them. Grain: one row; body is null for an unknown movie. Key:
-- none. Inputs: serving.freshness, serving.etag(), serving.movie(), serving.similar(). Parameters: movie_id,
-- row_limit, user_id (null: nobody), after.
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
                    'score', entry.score
                )
                order by entry.rank
            ),
            '[]'
        ) as items
    from serving.similar(
        %(movie_id)s::bigint, %(row_limit)s::integer, %(user_id)s::bigint, %(after)s::integer
    ) as entry
)

select
    serving.etag(%(user_id)s::bigint) as etag,
    case
        when exists (select 1 from serving.movie(%(movie_id)s::bigint)) then json_build_object(
            'movie_id', %(movie_id)s::bigint,
            'version_id', freshness.version_id,
            'next', case when page.movies = %(row_limit)s::integer then page.last_rank end,
            'items', page.items
        )::text
    end as body
from serving.freshness
cross join page
