-- Purpose: a newcomer's list, as the API answers it. Grain: one row. Key: none. Inputs: serving.freshness,
-- serving.etag(), serving.newcomer(). Parameters: chosen_movies, row_limit, user_id, age, gender (null: not known).
with entry as (
    select
        rank,
        movie_id,
        title,
        release_year,
        coalesce(genres, '{}') as genres,
        reason,
        because_movie_id,
        origin
    from serving.newcomer(
        %(chosen_movies)s::bigint[],
        %(row_limit)s::integer,
        %(user_id)s::bigint,
        %(age)s::integer,
        %(gender)s::text
    )
)

select
    serving.etag() as etag,
    json_build_object(
        'version_id', freshness.version_id,
        'items', coalesce((select json_agg(entry order by entry.rank) from entry), '[]')
    )::text as body
from serving.freshness
