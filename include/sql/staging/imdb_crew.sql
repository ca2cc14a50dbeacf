-- Purpose: directors and writers in IMDb that satisfy every rule.
-- Grain: one row of raw.imdb_crew. Key: slice_id, position.
-- Inputs: staging.imdb_crew_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.imdb_crew
where slice_id = %(slice_id)s;

insert into staging.imdb_crew (slice_id, position, tconst, directors, writers, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.tconst,
    judged.directors,
    judged.writers,
    judged.is_deleted
from staging.imdb_crew_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
