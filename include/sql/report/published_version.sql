-- Purpose: what a version of the lists holds, for those who wait for it.
-- Grain: one row. Key: version_id. Inputs: serving.version, ml.training, ops.batch, serving.recommendation. Parameters:
-- version_id.
select
    version.version_id,
    version.training_id,
    training.batch_id,
    batch.as_of,
    version.ranker,
    count(distinct recommendation.user_id) as viewers,
    count(recommendation.movie_id) as entries
from serving.version
inner join ml.training on version.training_id = training.training_id
left join ops.batch on training.batch_id = batch.batch_id
left join serving.recommendation on version.version_id = recommendation.version_id
where version.version_id = %(version_id)s
group by version.version_id, version.training_id, training.batch_id, batch.as_of, version.ranker;
