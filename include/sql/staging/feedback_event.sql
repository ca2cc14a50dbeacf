-- Purpose: typed feedback events that satisfy every rule.
-- Grain: one row of raw.feedback_event. Key: slice_id, position.
-- Inputs: staging.feedback_event_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.feedback_event
where slice_id = %(slice_id)s;

insert into staging.feedback_event (
    slice_id, position, event_id, user_id, movie_id,
    kind, value, occurred_at, is_deleted
)
select
    judged.slice_id,
    judged.position,
    judged.event_id,
    judged.user_id,
    judged.movie_id,
    judged.kind,
    judged.value,
    judged.occurred_at,
    judged.is_deleted
from staging.feedback_event_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
