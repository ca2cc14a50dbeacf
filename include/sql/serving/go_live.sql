-- Purpose: publish an audited version and point to it; readers see the old version or the new one, whole. The pointer
-- never moves back here, neither to an older version nor to an earlier night.
-- Grain: one row, none where the pointer stays. Key: version_id. Inputs: serving.version, ml.training, ops.batch,
-- serving.live. Parameters: version_id.
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
)

insert into serving.live (version_id)
select next_version.version_id
from next_version
on conflict (only_row) do update
    set version_id = excluded.version_id, since = now()
    where live.version_id <> excluded.version_id;
