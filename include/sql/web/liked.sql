-- Purpose: the movies that a viewer liked, the last one first. Grain: movie. Key: movie_id.
-- Inputs: serving.liked(). Parameters: user_id, row_limit.
select liked.movie_id
from serving.liked(%(user_id)s::bigint) as liked
order by liked.liked_at desc, liked.movie_id asc
limit %(row_limit)s::integer
