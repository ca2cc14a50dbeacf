-- Purpose: countries of each movie, from the graph.
-- Grain and key: movie_id, country_id. Inputs: staging.graph, staging.movie_link, movies, movie_alias, manifest.
-- Parameters: none.
merge into movie_country
using (
    with entity as (
        select distinct on (manifest.lineage, movie_link.movie_id)
            coalesce(movie_alias.movie_id, movie_link.movie_id) as movie_id,
            movie_link.entity_id
        from staging.movie_link
        inner join manifest on movie_link.slice_id = manifest.slice_id and manifest.is_held
        left join movie_alias on movie_link.movie_id = movie_alias.alias_id
        order by manifest.lineage asc, movie_link.movie_id asc, manifest.turn desc, movie_link.position desc
    )

    select distinct
        movies.movie_id,
        graph.tail_id as country_id
    from staging.graph
    inner join manifest on graph.slice_id = manifest.slice_id and manifest.is_held
    inner join entity on graph.head_id = entity.entity_id
    inner join movies on entity.movie_id = movies.movie_id
    where graph.relation_id = 'film.film.country'
) as tonight
    on movie_country.movie_id = tonight.movie_id and movie_country.country_id = tonight.country_id
when not matched then
    insert (movie_id, country_id)
    values (tonight.movie_id, tonight.country_id)
when not matched by source then delete;
