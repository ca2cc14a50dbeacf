-- Purpose: genres as they stand.
-- Grain: movie and genre. Key: movie_id, genre. Inputs: movie_genre. Parameters: none.
select
    movie_id,
    genre
from movie_genre
order by movie_id, genre;
