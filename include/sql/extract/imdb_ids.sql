-- Purpose: the IMDb ids of the movies that are known.
-- Grain: IMDb id. Key: imdb_id. Inputs: raw.links. Parameters: none.
select distinct 'tt' || lpad(ltrim(btrim(links.imdb_id), 't'), 7, '0') as imdb_id
from raw.links
where btrim(links.imdb_id) ~ '^(tt)?[0-9]{1,10}$' and not links.is_deleted
order by imdb_id;
