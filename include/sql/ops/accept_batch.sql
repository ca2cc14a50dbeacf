-- Purpose: mark a batch as good, and forgotten viewers as proven by it; accepting it again changes nothing.
-- Grain: one row. Key: batch_id. Inputs: ops.batch, ops.quality_result, ops.forgotten_user. Parameters: batch_id.
update ops.forgotten_user
set proven_batch_id = %(batch_id)s
where
    proven_batch_id is null
    and forgotten_at < (
        select min(quality_result.checked_at)
        from ops.quality_result
        where quality_result.batch_id = %(batch_id)s and quality_result.suite = 'core_forgotten'
    );

update ops.batch
set
    status = 'accepted',
    accepted_at = coalesce(accepted_at, now())
where batch_id = %(batch_id)s;
