-- Purpose: tags, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.tags. Key: slice_id, position. Inputs: raw.tags, ops.slice. Parameters: none.
create view staging.tags_typed as
select
    tags.slice_id,
    tags.position,
    ops.as_bigint(tags.user_id) as user_id,
    ops.as_bigint(tags.movie_id) as movie_id,
    ops.as_word(tags.tag) as tag,
    ops.as_time(tags.tagged_at, slice.date_order) as tagged_at,
    tags.is_deleted,
    tags.extra,
    to_jsonb(tags) - 'slice_id' - 'position' as record
from raw.tags
inner join ops.slice on tags.slice_id = slice.slice_id;
