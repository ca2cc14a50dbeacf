-- Purpose: actors, directors and writers of each movie, from the graph.
-- Grain and key: movie_id, role, person_id.
-- Inputs: staging.graph, staging.movie_link, core.movies. Parameters: batch_id.
merge into core.movie_person
using (
    select distinct
        movies.movie_id,
        graph.tail_id as person_id,
        case graph.relation_id
            when 'film.film.actor' then 'actor'
            when 'film.film.directed_by' then 'director'
            when 'film.film.written_by' then 'writer'
        end as role
    from staging.graph
    inner join staging.movie_link
        on graph.batch_id = movie_link.batch_id and graph.head_id = movie_link.entity_id
    inner join core.movies on movie_link.movie_id = movies.movie_id
    where
        graph.batch_id = %(batch_id)s
        and graph.relation_id in ('film.film.actor', 'film.film.directed_by', 'film.film.written_by')
) as tonight
    on
        movie_person.movie_id = tonight.movie_id
        and movie_person.role = tonight.role
        and movie_person.person_id = tonight.person_id
when not matched then
    insert (movie_id, person_id, role)
    values (tonight.movie_id, tonight.person_id, tonight.role)
when not matched by source then delete;
