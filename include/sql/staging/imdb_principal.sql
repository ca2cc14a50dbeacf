-- Purpose: who did what, in IMDb that satisfy every rule.
-- Grain: one row of raw.imdb_principal. Key: slice_id, position.
-- Inputs: staging.imdb_principal_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.imdb_principal
where slice_id = %(slice_id)s;

insert into staging.imdb_principal (slice_id, position, tconst, billing, nconst, category, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.tconst,
    case when judged.billing between 1 and 100000 then judged.billing end as billing,
    judged.nconst,
    judged.category,
    judged.is_deleted
from staging.imdb_principal_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
