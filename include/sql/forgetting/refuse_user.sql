-- Purpose: let no source send a viewer any more.
-- Grain: one row. Key: digest. Inputs: ops.refuse_user(). Parameters: user_id, asked_by.
call ops.refuse_user(%(user_id)s, %(asked_by)s);
