-- Purpose: the catalogue and its aliases as they are now, noted before a move and after it to tell which movies differ.
-- Grain: state and movie id, alias or not. Key: is_after, known_id. Inputs: movies, movie_alias.
-- Parameters: is_after (the move).
create temporary table if not exists catalogue_state (
    is_after boolean not null,
    known_id bigint not null,
    movie_id bigint not null
) on commit drop;

insert into catalogue_state (is_after, known_id, movie_id)
select
    %(is_after)s as is_after,
    movie_id as known_id,
    movie_id
from movies
union all
select
    %(is_after)s as is_after,
    movie_alias.alias_id as known_id,
    movie_alias.movie_id
from movie_alias
inner join movies on movie_alias.movie_id = movies.movie_id;
