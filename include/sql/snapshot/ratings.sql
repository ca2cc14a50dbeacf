-- Purpose: ratings as they stand. Grain: viewer and movie.
select
    user_id,
    movie_id,
    rating,
    rated_at
from ratings
order by user_id, movie_id;
