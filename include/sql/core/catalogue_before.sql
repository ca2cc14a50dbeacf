-- Purpose: the catalogue and its aliases as they were, to tell afterwards which movies came, went or moved.
-- Grain: movie id, alias or not. Key: known_id. Inputs: movies, movie_alias. Parameters: none.
create temporary table catalogue_before on commit drop as
select
    movie_id as known_id,
    movie_id
from movies
union all
select
    movie_alias.alias_id as known_id,
    movie_alias.movie_id
from movie_alias
inner join movies on movie_alias.movie_id = movies.movie_id;
