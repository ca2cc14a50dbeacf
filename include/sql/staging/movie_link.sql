-- Purpose: movies and their entities in the graph that satisfy every rule.
-- Grain: one row of raw.movie_link. Key: slice_id, position.
-- Inputs: staging.movie_link_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.movie_link
where slice_id = %(slice_id)s;

insert into staging.movie_link (slice_id, position, movie_id, entity_id, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.movie_id,
    judged.entity_id,
    judged.is_deleted
from staging.movie_link_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
