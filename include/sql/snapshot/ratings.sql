-- Purpose: what every viewer said about a movie: the rating, or where there is none the weight of other feedback.
-- Grain: viewer and movie. Key: user_id, movie_id. Inputs: ratings, feedback (of the schema that the search path
-- names). Parameters: none.
select
    user_id,
    movie_id,
    rating,
    null::real as weight,
    rated_at
from ratings
union all
select
    user_id,
    movie_id,
    null as rating,
    weight,
    last_at as rated_at
from feedback
order by user_id, movie_id;
