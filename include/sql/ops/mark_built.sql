-- Purpose: note that core holds a batch whose gate has not passed.
-- Parameters: batch_id.
update ops.batch
set status = 'built'
where batch_id = %(batch_id)s;
