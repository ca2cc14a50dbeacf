-- Purpose: whether an id, as somebody has written it, is of a viewer who was forgotten.
-- Grain: one row. Key: none. Inputs: ops.is_refused(). Parameters: user_id.
select ops.is_refused(ops.viewer_id(%(user_id)s::text)) as is_refused;
