-- Purpose: the batch that a version was learned from, and whether the live one is of a later moment.
-- Grain: one row. Parameters: version_id.
select
    batch.batch_id,
    batch.as_of,
    version.status,
    exists(
        select 1
        from serving.live
        inner join serving.version as shown on live.version_id = shown.version_id
        inner join ml.training as learned on shown.training_id = learned.training_id
        inner join ops.batch as later on learned.batch_id = later.batch_id
        where later.as_of > batch.as_of
    ) as is_earlier
from serving.version
inner join ml.training on version.training_id = training.training_id
inner join ops.batch on training.batch_id = batch.batch_id
where version.version_id = %(version_id)s;
