-- Purpose: ids whose movie came, went or is another one by now: whatever names them has to be looked at again.
-- Grain: movie id, alias or not. Key: known_id. Inputs: catalogue_state. Parameters: none.
create temporary table moved_movie on commit drop as
with movie_before as (
    select
        known_id,
        movie_id
    from catalogue_state
    where not is_after
),

movie_after as (
    select
        known_id,
        movie_id
    from catalogue_state
    where is_after
)

select
    coalesce(movie_before.known_id, movie_after.known_id) as known_id,
    movie_before.movie_id as old_movie_id
from movie_before
full join movie_after on movie_before.known_id = movie_after.known_id
where movie_before.movie_id is distinct from movie_after.movie_id;

analyze moved_movie;
