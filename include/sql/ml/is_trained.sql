-- Purpose: whether a training has chosen a champion on a batch since the batch was accepted.
-- Grain: one row. Key: none. Inputs: ops.batch, ml.training, ml.champion. Parameters: batch_id.
select exists(
    select 1
    from ops.batch
    inner join ml.training on batch.batch_id = training.batch_id and batch.accepted_at <= training.created_at
    inner join ml.champion on training.training_id = champion.training_id
    where batch.batch_id = %(batch_id)s
) as is_trained;
