-- Purpose: the catalogue as it stands. Grain: movie.
select
    movie_id,
    title,
    release_year
from movies
order by movie_id;
