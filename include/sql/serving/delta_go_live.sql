-- Purpose: publish an audited delta of the live version and point to it; readers see the earlier lists or those of
-- after.
-- Grain: one row, none where another version has gone live or the delta has not passed its audit. Key: delta_id.
-- Inputs: serving.live, serving.delta. Parameters: delta_id.
with publication as (
    update serving.delta
    set status = 'published', published_at = now()
    from serving.live
    where
        delta.delta_id = %(delta_id)s
        and delta.status = 'audited'
        and delta.version_id = live.version_id
        and delta.delta_id > coalesce(live.delta_id, 0)
    returning delta.delta_id, delta.version_id
)

update serving.live
set delta_id = publication.delta_id, delta_since = now()
from publication
where
    live.version_id = publication.version_id
    -- a delta without viewers changes no list
    and publication.delta_id in (select delta_viewer.delta_id from serving.delta_viewer);
