-- Purpose: a version with the batch that it was learned from, and whether the live one is of a later moment.
-- Grain: one row. Key: version_id. Inputs: serving.live, serving.version, ml.training, ops.batch. Parameters:
-- version_id.
select
    batch.batch_id,
    batch.as_of,
    version.status,
    version.ranker,
    version.training_id,
    exists(
        select 1
        from serving.live
        inner join serving.version as live_version on live.version_id = live_version.version_id
        inner join ml.training as live_training on live_version.training_id = live_training.training_id
        inner join ops.batch as live_batch on live_training.batch_id = live_batch.batch_id
        where live_batch.as_of > batch.as_of
    ) as is_earlier
from serving.version
inner join ml.training on version.training_id = training.training_id
inner join ops.batch on training.batch_id = batch.batch_id
where version.version_id = %(version_id)s;
