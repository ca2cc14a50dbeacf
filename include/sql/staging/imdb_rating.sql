-- Purpose: mean votes of IMDb that satisfy every rule.
-- Grain: one row of raw.imdb_rating. Key: slice_id, position.
-- Inputs: staging.imdb_rating_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.imdb_rating
where slice_id = %(slice_id)s;

insert into staging.imdb_rating (slice_id, position, tconst, mean_rating, votes, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.tconst,
    case when judged.mean_rating between 1 and 10 then judged.mean_rating end as mean_rating,
    case when judged.votes between 0 and 2147483647 then judged.votes end as votes,
    judged.is_deleted
from staging.imdb_rating_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
