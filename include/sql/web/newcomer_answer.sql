-- Purpose: a newcomer's list, as the API answers it. Grain: one row. Key: none. Inputs: serving.freshness,
-- serving.etag(), serving.newcomer(). Parameters: chosen_movies, row_limit, user_id, age, gender (null: not known).
select
    serving.etag() as etag,
    json_build_object(
        'version_id', freshness.version_id,
        'items', coalesce(
            (
                select
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
                    )
                from serving.newcomer(
                    %(chosen_movies)s::bigint[],
                    %(row_limit)s::integer,
                    %(user_id)s::bigint,
                    %(age)s::integer,
                    %(gender)s::text
                ) as entry
            ),
            '[]'
        )
    )::text as body
from serving.freshness
