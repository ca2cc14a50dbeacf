-- Purpose: the catalogue as it stands. Grain: movie.
select
    movie_id,
    title,
    release_year
from core.movies
order by movie_id;
