-- Purpose: mark a batch as good; accepting it again changes nothing.
-- Parameters: batch_id.
update ops.batch
set
    status = 'accepted',
    accepted_at = coalesce(accepted_at, now())
where batch_id = %(batch_id)s;

update ops.layer_count
set is_accepted = true
where batch_id = %(batch_id)s;
