-- Purpose: a movie, as the API answers it. Grain: one row; body is null for an unknown movie. Key: none.
-- Inputs: serving.freshness, serving.etag(), serving.movie(). Parameters: movie_id.
select
    serving.etag() as etag,
    case
        when movie.movie_id is not null then json_build_object(
            'version_id', freshness.version_id,
            'movie_id', movie.movie_id,
            'title', movie.title,
            'release_year', movie.release_year,
            'genres', movie.genres,
            'directors', movie.directors,
            'actors', movie.actors,
            'runtime_minutes', movie.runtime_minutes,
            'imdb_id', movie.imdb_id,
            'imdb_rating', movie.imdb_rating,
            'ratings', movie.ratings,
            'mean_rating', movie.mean_rating,
            'popularity_rank', movie.popularity_rank
        )::text
    end as body
from serving.freshness
left join serving.movie(%(movie_id)s::bigint) as movie on true
