-- Purpose: what the live version knows about a movie. Grain: one row, none for an unknown movie. Key: movie_id.
-- Inputs: serving.movie(). Parameters: movie_id.
select
    movie.movie_id,
    movie.title,
    movie.release_year,
    movie.genres,
    movie.directors,
    movie.actors,
    movie.runtime_minutes,
    movie.imdb_id,
    movie.imdb_rating,
    movie.ratings,
    movie.mean_rating,
    movie.popularity_rank
from serving.movie(%(movie_id)s::bigint) as movie
