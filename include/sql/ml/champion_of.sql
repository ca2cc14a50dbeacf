-- Purpose: the champion of one of these trainings: of the one that learned from the newest batch.
-- Grain: one row, none where none of them has chosen a champion. Key: training_id. Inputs: ml.champion, ml.training,
-- ops.batch. Parameters: training_ids.
with named_champion as (
    select
        training_id,
        ranker
    from ml.champion
    where training_id = any(%(training_ids)s::bigint[])
)

select
    named_champion.training_id,
    named_champion.ranker
from named_champion
inner join ml.training on named_champion.training_id = training.training_id
inner join ops.batch on training.batch_id = batch.batch_id
order by batch.as_of desc, batch.batch_id desc, named_champion.training_id desc
limit 1;
