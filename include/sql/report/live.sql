-- Purpose: the live version and where it comes from.
-- Grain: one row. Key: version_id. Inputs: serving.live, serving.version, ml.training, ml.champion. Parameters: none.
select
    version.version_id,
    version.ranker,
    training.training_id,
    training.batch_id,
    champion.reason
from serving.live
inner join serving.version on live.version_id = version.version_id
inner join ml.training on version.training_id = training.training_id
inner join ml.champion on training.training_id = champion.training_id;
