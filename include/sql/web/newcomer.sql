-- Purpose: a list for somebody who has none, from a few chosen movies. Grain: movie. Key: rank.
-- Inputs: serving.newcomer(). Parameters: chosen_movies (at most five), row_limit, user_id (null: nobody yet).
select
    entry.rank,
    entry.movie_id,
    entry.title,
    entry.release_year,
    coalesce(entry.genres, '{}') as genres,
    entry.reason,
    entry.origin
from serving.newcomer(%(chosen_movies)s::bigint[], %(row_limit)s::integer, %(user_id)s::bigint) as entry
