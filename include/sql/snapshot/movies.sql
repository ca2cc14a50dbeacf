-- Purpose: the catalogue as it stands.
-- Grain: movie. Key: movie_id. Inputs: movies. Parameters: none.
select
    movie_id,
    title,
    release_year,
    release_date::timestamp at time zone 'utc' as release_date,
    runtime_minutes,
    null::text as plot
from movies
order by movie_id;
