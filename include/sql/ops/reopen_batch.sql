-- Purpose: note that a batch is on its way again and has gates to pass.
-- Grain: at most one row. Key: batch_id. Inputs: ops.batch. Parameters: batch_id, statuses (in any other one, the batch
-- stays as it is).
update ops.batch
set
    status = 'open',
    accepted_at = null
where batch_id = %(batch_id)s and status = any(%(statuses)s);
