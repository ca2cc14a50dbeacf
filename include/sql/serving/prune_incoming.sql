-- Purpose: drop events that were read ahead of a night which has read them for itself since, or which no longer has
-- their source.
-- Grain: event. Key: source, event_id. Inputs: serving.incoming_event, core.events, serving.freshness, ops.batch.
-- Parameters: none.
delete from serving.incoming_event
using serving.freshness
left join ops.batch on freshness.batch_id = batch.batch_id
where
    incoming_event.updated_at < freshness.as_of
    and (
        incoming_event.source <> all(batch.sources)
        or exists (
            select 1 from core.events
            where events.source = incoming_event.source and events.event_id = incoming_event.event_id
        )
    );
