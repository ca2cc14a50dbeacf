-- Purpose: credits as they stand.
-- Grain: movie, role and person. Key: movie_id, role, person_id. Inputs: movie_person, person. Parameters: none.
select
    movie_person.movie_id,
    movie_person.person_id,
    movie_person.role,
    movie_person.billing,
    person.name
from movie_person
left join person
    on movie_person.person_id = person.person_id
order by movie_person.movie_id, movie_person.role, movie_person.person_id;
