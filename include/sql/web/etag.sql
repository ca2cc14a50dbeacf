-- Purpose: a text that differs as soon as a viewer may be shown something else. Grain: one row. Key: none.
-- Inputs: serving.etag(). Parameters: user_id (null: what everybody sees).
select serving.etag(%(user_id)s::bigint) as etag
