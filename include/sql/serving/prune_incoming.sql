-- Purpose: drop events that were read ahead of a night which has read them for itself since.
-- Grain: event. Key: source, event_id. Inputs: serving.incoming_event, core.events, serving.freshness.
-- Parameters: none.
delete from serving.incoming_event
using serving.freshness
where
    incoming_event.updated_at < freshness.as_of
    and exists (
        select 1 from core.events
        where events.source = incoming_event.source and events.event_id = incoming_event.event_id
    );
