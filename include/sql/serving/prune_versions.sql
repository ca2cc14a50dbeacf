-- Purpose: drop all but the last published versions, and what was never published before the live one.
-- Grain: version. Key: version_id. Inputs: serving.version, serving.live. Parameters: keep_nights.
with kept_version as (
    select version_id
    from serving.version
    where status = 'published'
    order by version_id desc
    limit %(keep_nights)s
)

delete from serving.version
using serving.live
where
    version.version_id < live.version_id
    and version.version_id not in (select kept_version.version_id from kept_version);
