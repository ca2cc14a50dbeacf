-- Purpose: countries of each movie, from the graph.
-- Grain and key: movie_id, country_id. Inputs: staging.graph, latest_entity, movies, movie_alias, manifest.
-- Parameters: none.
merge into movie_country
using (
    select distinct
        movies.movie_id,
        graph.tail_id as country_id
    from staging.graph
    inner join manifest on graph.slice_id = manifest.slice_id and manifest.is_held
    inner join latest_entity on graph.head_id = latest_entity.entity_id
    left join movie_alias on latest_entity.movie_id = movie_alias.alias_id
    inner join movies on coalesce(movie_alias.movie_id, latest_entity.movie_id) = movies.movie_id
    where graph.relation_id = 'film.film.country'
) as incoming
    on movie_country.movie_id = incoming.movie_id and movie_country.country_id = incoming.country_id
when not matched then
    insert (movie_id, country_id)
    values (incoming.movie_id, incoming.country_id)
when not matched by source then delete;
