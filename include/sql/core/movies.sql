-- Purpose: the catalogue, with the article in front of the title; the last row of a movie wins.
-- Grain and key: movie_id.
-- Inputs: staging.movies. Parameters: batch_id.
merge into core.movies
using (
    select distinct on (movie_id)
        movie_id,
        -- "Usual Suspects, The" and "Misérables, Les": the article goes where it is read
        regexp_replace(title, '^(.+), (The|A|An|Les|Le|La|Los|El|Il|Der|Die|Das)$', '\2 \1') as title,
        release_year
    from staging.movies
    where batch_id = %(batch_id)s
    order by movie_id asc, position desc
) as tonight
    on movies.movie_id = tonight.movie_id
when matched and row(movies.*) is distinct from row(tonight.*) then
    update set title = tonight.title, release_year = tonight.release_year
when not matched then
    insert (movie_id, title, release_year)
    values (tonight.movie_id, tonight.title, tonight.release_year)
when not matched by source then delete;
