-- Purpose: a viewer's shelves, from the top. Grain: shelf and movie. Key: shelf_number, rank.
-- Inputs: serving.shelves(). Parameters: user_id, row_limit.
select
    entry.shelf_number,
    entry.shelf_id,
    entry.key,
    entry.heading,
    entry.rule,
    entry.rank,
    entry.movie_id,
    entry.title,
    entry.release_year,
    coalesce(entry.genres, '{}') as genres,
    entry.reason
from serving.shelves(%(user_id)s::bigint, %(row_limit)s::integer) as entry
