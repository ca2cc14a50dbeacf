-- Purpose: the IMDb ids of the movies that are known.
-- Grain: IMDb id. Key: imdb_id. Inputs: staging.links_typed. Parameters: none.
select distinct imdb_id
from staging.links_typed
where imdb_id is not null and not is_deleted
order by imdb_id;
