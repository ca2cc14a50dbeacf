-- Purpose: let sources send a forgotten viewer again.
-- Grain: one row, none where the viewer is not refused. Key: digest. Inputs: ops.forgotten_user.
-- Parameters: user_id, asked_by.
update ops.forgotten_user
set
    allowed_at = clock_timestamp(),
    allowed_by = %(asked_by)s
where digest = ops.user_digest(%(user_id)s) and allowed_at is null;
