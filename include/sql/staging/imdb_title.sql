-- Purpose: titles in IMDb that satisfy every rule.
-- Grain: one row of raw.imdb_title. Key: slice_id, position.
-- Inputs: staging.imdb_title_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.imdb_title
where slice_id = %(slice_id)s;

insert into staging.imdb_title (
    slice_id, position, tconst, title_type, title, original_title,
    release_year, runtime_minutes, genres, is_deleted
)
select
    judged.slice_id,
    judged.position,
    judged.tconst,
    judged.title_type,
    judged.title,
    judged.original_title,
    case when judged.release_year between 1870 and 2100 then judged.release_year end as release_year,
    case when judged.runtime_minutes between 1 and 100000 then judged.runtime_minutes end as runtime_minutes,
    judged.genres,
    judged.is_deleted
from staging.imdb_title_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
