-- Purpose: whether somebody was forgotten since the last accepted batch.
-- Grain: one row. Key: none. Inputs: ops.forgotten_user. Parameters: none.
select exists(
    select 1 from ops.forgotten_user
    where forgotten_user.allowed_at is null and forgotten_user.proven_batch_id is null
) as is_unproven;
