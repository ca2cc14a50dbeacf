-- Purpose: where a schema is built anew, every viewer and movie that it shows is affected.
-- Grain and key: user_id, movie_id. Inputs: ratings. Parameters: none.
create temporary table affected_rating on commit drop as
select
    user_id,
    movie_id
from ratings;

analyze affected_rating;
