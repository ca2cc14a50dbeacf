-- Purpose: movies like one movie, less what a viewer has answered to. Grain: movie. Key: rank.
-- Inputs: serving.similar(). Parameters: movie_id, row_limit, user_id (null: nobody).
select
    entry.rank,
    entry.movie_id,
    entry.title,
    entry.release_year,
    coalesce(entry.genres, '{}') as genres
from serving.similar(%(movie_id)s::bigint, %(row_limit)s::integer, %(user_id)s::bigint) as entry
