-- Purpose: drop the results of the gates of old batches, except of those that a kept version learned from.
-- Grain: expectation of a batch. Key: none. Inputs: ops.quality_result, ops.batch, ml.training, serving.version.
-- Parameters: keep_days.
delete from ops.quality_result
using ops.batch
where
    quality_result.batch_id = batch.batch_id
    and batch.started_at < now() - make_interval(days => %(keep_days)s)
    and batch.batch_id not in (
        select training.batch_id
        from ml.training
        inner join serving.version on training.training_id = version.training_id
    );
