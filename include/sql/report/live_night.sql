-- Purpose: the night whose lists are live.
-- Grain: one row, none before the first publication. Key: version_id. Inputs: serving.live, serving.version,
-- ml.training, ops.batch. Parameters: none.
select
    version.version_id,
    batch.as_of
from serving.live
inner join serving.version on live.version_id = version.version_id
inner join ml.training on version.training_id = training.training_id
left join ops.batch on training.batch_id = batch.batch_id;
