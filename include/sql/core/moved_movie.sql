-- Purpose: ids whose movie came, went or is another one by now: whatever names them has to be looked at again.
-- Grain: movie id, alias or not. Key: known_id. Inputs: catalogue_before, movies, movie_alias. Parameters: none.
create temporary table moved_movie on commit drop as
with catalogue_now as (
    select
        movie_id as known_id,
        movie_id
    from movies
    union all
    select
        movie_alias.alias_id as known_id,
        movie_alias.movie_id
    from movie_alias
    inner join movies on movie_alias.movie_id = movies.movie_id
)

select
    coalesce(catalogue_before.known_id, catalogue_now.known_id) as known_id,
    catalogue_before.movie_id as old_movie_id
from catalogue_before
full join catalogue_now on catalogue_before.known_id = catalogue_now.known_id
where catalogue_before.movie_id is distinct from catalogue_now.movie_id;

analyze moved_movie;
