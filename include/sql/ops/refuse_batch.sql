-- Purpose: note that a gate stopped a batch, whatever it was before.
-- Grain: one row. Key: batch_id. Inputs: ops.batch. Parameters: batch_id.
update ops.batch
set
    status = 'refused',
    accepted_at = null
where batch_id = %(batch_id)s;
