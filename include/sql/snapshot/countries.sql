-- Purpose: countries as they stand.
-- Grain: movie and country. Key: movie_id, country. Inputs: movie_country. Parameters: none.
select
    movie_id,
    country_id as country
from movie_country
order by movie_id, country_id;
