-- Purpose: ids of movies elsewhere that satisfy every rule.
-- Grain: one row of raw.links. Key: slice_id, position.
-- Inputs: staging.links_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.links
where slice_id = %(slice_id)s;

insert into staging.links (slice_id, position, movie_id, imdb_id, tmdb_id, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.movie_id,
    judged.imdb_id,
    judged.tmdb_id,
    judged.is_deleted
from staging.links_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
