-- Purpose: feedback events, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.feedback_event. Key: slice_id, position. Inputs: raw.feedback_event. Parameters: none.
create view staging.feedback_event_typed as
select
    feedback_event.slice_id,
    feedback_event.position,
    ops.as_word(feedback_event.event_id) as event_id,
    ops.as_bigint(feedback_event.user_id) as user_id,
    ops.as_bigint(feedback_event.movie_id) as movie_id,
    lower(ops.as_word(feedback_event.kind)) as kind,
    ops.as_word(feedback_event.value) as value_text,
    ops.as_number(feedback_event.value) as value,
    ops.as_time(feedback_event.created_at) as occurred_at,
    feedback_event.is_deleted,
    feedback_event.extra,
    to_jsonb(feedback_event) - 'slice_id' - 'position' as record
from raw.feedback_event;
