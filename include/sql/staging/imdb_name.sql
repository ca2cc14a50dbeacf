-- Purpose: names of people in IMDb that satisfy every rule.
-- Grain: one row of raw.imdb_name. Key: slice_id, position.
-- Inputs: staging.imdb_name_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.imdb_name
where slice_id = %(slice_id)s;

insert into staging.imdb_name (slice_id, position, nconst, name, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.nconst,
    judged.name,
    judged.is_deleted
from staging.imdb_name_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
