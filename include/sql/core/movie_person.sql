-- Purpose: actors, directors and writers of each movie.
-- Grain and key: movie_id, role, person_id. Inputs: credit. Parameters: none.
merge into movie_person
using credit as incoming
    on
        movie_person.movie_id = incoming.movie_id
        and movie_person.role = incoming.role
        and movie_person.person_id = incoming.person_id
when matched and movie_person.billing is distinct from incoming.billing then
    update set billing = incoming.billing
when not matched then
    insert (movie_id, person_id, role, billing)
    values (incoming.movie_id, incoming.person_id, incoming.role, incoming.billing)
when not matched by source then delete;
