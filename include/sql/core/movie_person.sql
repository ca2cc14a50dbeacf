-- Purpose: actors, directors and writers of each movie.
-- Grain and key: movie_id, role, person_id. Inputs: credit. Parameters: none.
merge into movie_person
using credit as tonight
    on
        movie_person.movie_id = tonight.movie_id
        and movie_person.role = tonight.role
        and movie_person.person_id = tonight.person_id
when matched and movie_person.billing is distinct from tonight.billing then
    update set billing = tonight.billing
when not matched then
    insert (movie_id, person_id, role, billing)
    values (tonight.movie_id, tonight.person_id, tonight.role, tonight.billing)
when not matched by source then delete;
