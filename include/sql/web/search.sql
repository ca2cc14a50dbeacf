-- Purpose: movies whose title is most like a text. Grain: movie. Key: rank.
-- Inputs: serving.search(). Parameters: query, row_limit.
select
    entry.rank,
    entry.movie_id,
    entry.title,
    entry.release_year,
    coalesce(entry.genres, '{}') as genres
from serving.search(%(query)s::text, %(row_limit)s::integer) as entry
