-- Purpose: trainings whose artifacts are still needed, by a kept version, the next publication or the latest training,
-- with the champion of each (null: none yet).
-- Grain: training. Key: training_id. Inputs: serving.version, ml.champion, ml.training, ops.batch. Parameters: none.
with needed_training as (
    select version.training_id
    from serving.version
    union
    (
        select champion.training_id
        from ml.champion
        order by champion.training_id desc
        limit 1
    )
    union
    (
        select champion.training_id
        from ml.champion
        inner join ml.training on champion.training_id = training.training_id
        inner join ops.batch on training.batch_id = batch.batch_id
        where batch.status = 'accepted'
        order by batch.as_of desc, batch.batch_id desc, champion.training_id desc
        limit 1
    )
    union
    (
        select training.training_id
        from ml.training
        order by training.training_id desc
        limit 1
    )
)

select
    needed_training.training_id,
    champion.ranker as champion
from needed_training
left join ml.champion on needed_training.training_id = champion.training_id
order by needed_training.training_id;
