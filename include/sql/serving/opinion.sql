-- Purpose: what some viewers have said about movies up to this moment, as a training would see it.
-- Grain: viewer and movie. Key: user_id, movie_id. Inputs: serving.opinion(). Parameters: viewers.
select
    user_id,
    movie_id,
    rating,
    weight,
    rated_at
from serving.opinion(%(viewers)s::bigint[])
order by user_id, movie_id;
