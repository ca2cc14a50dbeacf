-- Purpose: credits as they stand. Grain: movie, role and person.
select
    movie_id,
    person_id,
    role
from movie_person
order by movie_id, role, person_id;
