-- Purpose: a text that differs as soon as a viewer may be shown other shelves. Grain: one row. Key: none.
-- Inputs: serving.shelves_etag(). Parameters: user_id (null: what everybody sees).
select serving.shelves_etag(%(user_id)s::bigint) as etag
