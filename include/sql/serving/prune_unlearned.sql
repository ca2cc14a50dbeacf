-- Purpose: drop what was taken back from the feedback that no night has learned: none will.
-- Grain: event. Key: event_id. Inputs: serving.unlearned_event, serving.viewer_event. Parameters: none.
delete from serving.unlearned_event
where (
    select viewer_event.is_undone
    from serving.viewer_event
    where viewer_event.event_id = unlearned_event.event_id
);
