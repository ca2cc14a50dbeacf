-- Purpose: countries of each movie, from the graph.
-- Grain and key: movie_id, country_id.
-- Inputs: staging.graph, staging.movie_link, core.movies. Parameters: batch_id.
merge into core.movie_country
using (
    select distinct
        movies.movie_id,
        graph.tail_id as country_id
    from staging.graph
    inner join staging.movie_link
        on graph.batch_id = movie_link.batch_id and graph.head_id = movie_link.entity_id
    inner join core.movies on movie_link.movie_id = movies.movie_id
    where movie_link.batch_id = %(batch_id)s and graph.relation_id = 'film.film.country'
) as tonight
    on movie_country.movie_id = tonight.movie_id and movie_country.country_id = tonight.country_id
when not matched then
    insert (movie_id, country_id)
    values (tonight.movie_id, tonight.country_id)
when not matched by source then delete;
