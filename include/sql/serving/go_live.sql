-- Purpose: publish an audited version, with the newest audited delta that was made for it, and point to both; readers
-- see the old version or the new one, whole. The pointer never moves back here, neither to an older version nor to an
-- earlier night.
-- Grain: one row, none where the pointer stays. Key: version_id. Inputs: serving.version, serving.delta, ml.training,
-- ops.batch, serving.live. Parameters: version_id.
with candidate as (
    select
        version.version_id,
        batch.as_of
    from serving.version
    inner join ml.training on version.training_id = training.training_id
    inner join ops.batch on training.batch_id = batch.batch_id
    where version.version_id = %(version_id)s and version.status in ('audited', 'published')
),

live_version as (
    select
        live.version_id,
        batch.as_of
    from serving.live
    inner join serving.version on live.version_id = version.version_id
    inner join ml.training on version.training_id = training.training_id
    left join ops.batch on training.batch_id = batch.batch_id
),

next_version as (
    select candidate.version_id
    from candidate
    left join live_version on true
    where
        live_version.version_id is null
        or (candidate.as_of, candidate.version_id)
        >= (coalesce(live_version.as_of, candidate.as_of), live_version.version_id)
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
    where delta.status in ('audited', 'published')
),

delta_publication as (
    update serving.delta
    set
        status = 'published',
        published_at = now()
    from next_delta
    where delta.delta_id = next_delta.delta_id and delta.status = 'audited'
)

insert into serving.live (version_id, delta_id, delta_since)
select
    next_version.version_id,
    next_delta.delta_id,
    case when next_delta.delta_id is not null then now() end as delta_since
from next_version
cross join next_delta
on conflict (only_row) do update
    set
        version_id = excluded.version_id,
        since = now(),
        delta_id = excluded.delta_id,
        delta_since = excluded.delta_since
    where live.version_id <> excluded.version_id;
