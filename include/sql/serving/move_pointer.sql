-- Purpose: point to a version, whether it is newer than the live one or older, with its newest delta: of a version that
-- is published already one that was live, too, unless audited ones are taken. Readers see the old version or the new
-- one, whole. One that was never live is published by it. A delta without viewers is published, so that the next one
-- begins where it ended, but changes no list and is not pointed to: nothing was renewed.
-- Grain: one row, none where it is live already or has not passed its audit. Key: version_id. Inputs: serving.version,
-- serving.delta, serving.delta_viewer, serving.live. Parameters: version_id, takes_audited.
with next_version as (
    select
        version.version_id,
        version.status = 'audited' or %(takes_audited)s as takes_audited
    from serving.version
    where version.version_id = %(version_id)s and version.status in ('audited', 'published')
),

publication as (
    update serving.version
    set
        status = 'published',
        published_at = now()
    from next_version
    where version.version_id = next_version.version_id and version.status = 'audited'
),

next_delta as (
    select max(delta.delta_id) as delta_id
    from next_version
    inner join serving.delta on next_version.version_id = delta.version_id
    where delta.status = 'published' or (delta.status = 'audited' and next_version.takes_audited)
),

delta_publication as (
    update serving.delta
    set
        status = 'published',
        published_at = now()
    from next_delta
    where delta.delta_id = next_delta.delta_id and delta.status = 'audited'
),

shown_delta as (
    select
        delta.delta_id,
        coalesce(delta.published_at, now()) as renewed_at
    from next_delta
    inner join next_version on true
    inner join serving.delta
        on
            next_version.version_id = delta.version_id
            and (delta.status = 'published' or next_delta.delta_id = delta.delta_id)
    where
        exists (
            select 1 from serving.delta_viewer
            where delta_viewer.version_id = delta.version_id and delta_viewer.delta_id = delta.delta_id
        )
    order by delta.delta_id desc
    limit 1
)

insert into serving.live (version_id, delta_id, delta_since)
select
    next_version.version_id,
    shown_delta.delta_id,
    shown_delta.renewed_at as delta_since
from next_version
left join shown_delta on true
on conflict (only_row) do update
    set
        version_id = excluded.version_id,
        since = now(),
        delta_id = excluded.delta_id,
        delta_since = excluded.delta_since
    where live.version_id <> excluded.version_id;
