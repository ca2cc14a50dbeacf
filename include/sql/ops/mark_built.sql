-- Purpose: note that core has been built of a batch, whose gate has yet to pass; what was accepted stays accepted.
-- Parameters: batch_id.
update ops.batch
set status = 'built'
where batch_id = %(batch_id)s and status in ('open', 'refused');
