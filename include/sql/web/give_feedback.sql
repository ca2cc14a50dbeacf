-- Purpose: keep events of feedback; each counts once. Grain: event. Key: none, since an id may come twice.
-- Inputs: serving.give_feedback(). Parameters: events (a JSON list).
select
    event.event_id,
    event.outcome,
    event.message
from serving.give_feedback(%(events)s::jsonb) as event
