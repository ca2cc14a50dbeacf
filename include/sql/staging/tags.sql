-- Purpose: typed tags that satisfy every rule.
-- Grain: one row of raw.tags. Key: slice_id, position.
-- Inputs: staging.tags_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.tags
where slice_id = %(slice_id)s;

insert into staging.tags (slice_id, position, user_id, movie_id, tag, tagged_at, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.user_id,
    judged.movie_id,
    judged.tag,
    judged.tagged_at,
    judged.is_deleted
from staging.tags_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
