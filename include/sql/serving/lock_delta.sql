-- Purpose: one delta with what its version says about lists, held against everybody until the end of the transaction.
-- Grain: one row. Key: delta_id. Inputs: serving.delta, serving.version, ml.training. Parameters:
-- delta_id.
select
    delta.delta_id,
    delta.version_id,
    delta.status as delta_status,
    version.training_id,
    training.batch_id,
    version.ranker,
    version.list_length,
    version.candidates,
    version.status
from serving.delta
inner join serving.version on delta.version_id = version.version_id
inner join ml.training on version.training_id = training.training_id
where delta.delta_id = %(delta_id)s
for update of delta;
