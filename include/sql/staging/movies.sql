-- Purpose: typed movies that satisfy every rule.
-- Grain: one row of raw.movies. Key: batch_id, position.
-- Inputs: staging.movies_judged (generated from ops.row_rule). Parameters: batch_id.
delete from staging.movies
where batch_id = %(batch_id)s;

insert into staging.movies (batch_id, position, movie_id, title, release_year, genres)
select
    judged.batch_id,
    judged.position,
    judged.movie_id,
    judged.title,
    case when judged.release_year between 1870 and 2100 then judged.release_year end as release_year,
    array_remove(judged.genres, '') as genres
from staging.movies_judged as judged
where judged.batch_id = %(batch_id)s and cardinality(judged.broken_rules) = 0;

analyze staging.movies;
