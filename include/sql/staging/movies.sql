-- Purpose: typed movies that satisfy every rule.
-- Grain: one row of raw.movies. Key: slice_id, position.
-- Inputs: staging.movies_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.movies
where slice_id = %(slice_id)s;

insert into staging.movies (slice_id, position, movie_id, title, release_year, release_date, genres, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.movie_id,
    judged.title,
    case when judged.release_year between 1870 and 2100 then judged.release_year end as release_year,
    judged.release_date,
    judged.genres,
    judged.is_deleted
from staging.movies_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
