-- Purpose: genres as they stand. Grain: movie and genre.
select
    movie_id,
    genre
from movie_genre
order by movie_id, genre;
