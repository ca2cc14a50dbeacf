-- Purpose: mark a batch as good; accepting it again changes nothing.
-- Grain: one row. Key: batch_id. Inputs: ops.batch. Parameters: batch_id.
update ops.batch
set
    status = 'accepted',
    accepted_at = coalesce(accepted_at, now())
where batch_id = %(batch_id)s;
