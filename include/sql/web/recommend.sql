-- Purpose: the first movies of a viewer's list, for a page. Grain: movie. Key: rank.
-- Inputs: serving.recommend(). Parameters: user_id, row_limit.
select
    entry.rank,
    entry.movie_id,
    entry.title,
    entry.release_year,
    coalesce(entry.genres, '{}') as genres,
    entry.reason,
    entry.origin
from serving.recommend(%(user_id)s::bigint, %(row_limit)s::integer) as entry
