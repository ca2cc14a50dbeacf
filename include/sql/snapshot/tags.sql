-- Purpose: words on movies as they stand.
-- Grain: viewer, movie and tag. Key: user_id, movie_id, tag. Inputs: tags. Parameters: none.
select
    user_id,
    movie_id,
    tag,
    tagged_at
from tags
order by user_id, movie_id, tag;
