-- Purpose: for each viewer a text that differs as soon as the viewer may be shown something else. Grain: viewer.
-- Key: user_id. Inputs: serving.etag(). Parameters: user_ids (null among them: what everybody sees).
with asked as materialized (
    -- apart, as in the statement of lists
    select %(user_ids)s::bigint[] as user_ids
)

select
    viewer.user_id,
    serving.etag(viewer.user_id) as etag
from asked
cross join unnest(asked.user_ids) as viewer (user_id)
