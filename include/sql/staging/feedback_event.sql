-- Purpose: feedback events, their ratings on the scale 0.5 to 5, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.feedback_event. Key: slice_id, position.
-- Inputs: raw.feedback_event, ops.slice (the scale of the source). Parameters: none.
-- noqa: disable=LT02,PRS,ST05
create view staging.feedback_event_typed as
select
    feedback_event.slice_id,
    feedback_event.position,
    ops.as_word(feedback_event.event_id) as event_id,
    ops.as_bigint(feedback_event.user_id) as user_id,
    ops.as_bigint(feedback_event.movie_id) as movie_id,
    case
        when typed.is_rating and typed.number = any(slice.unrated) then 'view'
        else lower(ops.as_word(feedback_event.kind))
    end as kind,
    case
        when not typed.is_rating or typed.number <> all(slice.unrated) then ops.as_known(feedback_event.value)
    end as value_text,
    case
        when not typed.is_rating then typed.number
        when typed.number <> all(slice.unrated)
            then ops.as_stars(typed.number, slice.scale_low, slice.scale_high)
    end as value,
    ops.as_time(feedback_event.created_at, slice.date_order) as occurred_at,
    feedback_event.is_deleted,
    feedback_event.extra,
    to_jsonb(feedback_event) - 'slice_id' - 'position' as record
from raw.feedback_event
inner join ops.slice on feedback_event.slice_id = slice.slice_id
cross join lateral (
    select
        coalesce(lower(ops.as_word(feedback_event.kind)) = 'rating', false) as is_rating,
        ops.as_number(feedback_event.value) as number
    offset 0
) as typed;
