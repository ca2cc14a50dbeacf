-- Purpose: note that core shows a batch whose gate has yet to pass; what was accepted stays accepted.
-- Grain: one row. Key: batch_id. Inputs: ops.batch. Parameters: batch_id.
update ops.batch
set status = 'built'
where batch_id = %(batch_id)s and status in ('open', 'refused');
