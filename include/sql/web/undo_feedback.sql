-- Purpose: take back an event of feedback. Grain: one row. Key: none.
-- Inputs: serving.undo_feedback(). Parameters: event_id, user_id.
select serving.undo_feedback(%(event_id)s::text, %(user_id)s::bigint) as is_undone
