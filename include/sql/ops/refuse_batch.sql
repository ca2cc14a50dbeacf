-- Purpose: note that the gate of core stopped a night.
-- Parameters: batch_id.
update ops.batch
set status = 'refused'
where batch_id = %(batch_id)s and status <> 'accepted';
