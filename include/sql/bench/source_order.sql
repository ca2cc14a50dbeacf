-- Purpose: who rated what, in the order in which the source has the rows. Grain: one rating of a source. Key: slice_id,
-- position. Inputs: raw.ratings. Parameters: none.
select
    user_id::bigint as user_id,
    movie_id::bigint as movie_id
from raw.ratings
order by slice_id, position;
