-- Purpose: note through which connection a notice was sent, or why it could not be.
-- Grain: one row. Key: notice_id. Inputs: ops.notice. Parameters: notice_id, sent_to, error.
update ops.notice
set
    sent_to = %(sent_to)s,
    sent_at = case when %(error)s is null then clock_timestamp() end,
    sending_error = %(error)s
where notice_id = %(notice_id)s;
