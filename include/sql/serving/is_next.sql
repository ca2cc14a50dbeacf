-- Purpose: whether the pointer may go on to a version: it passed its audit, and the pointer moves back neither to an
-- older version nor to an earlier night.
-- Grain: one row. Key: none. Inputs: serving.version, ml.training, ops.batch, serving.live. Parameters: version_id.
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
)

select count(*) > 0 as is_next
from candidate
left join live_version on true
where
    live_version.version_id is null
    or (candidate.as_of, candidate.version_id)
    >= (coalesce(live_version.as_of, candidate.as_of), live_version.version_id);
