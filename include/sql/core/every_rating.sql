-- Purpose: for building anew: every viewer and movie that the layer shows.
-- Grain: viewer and movie. Inputs: ratings. Parameters: none.
create temporary table affected_rating on commit drop as
select
    user_id,
    movie_id
from ratings;

analyze affected_rating;
