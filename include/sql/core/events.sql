-- Purpose: feedback of viewers in the application; the last row of an event wins.
-- Grain and key: event_id.
-- Inputs: staging.feedback_event. Parameters: batch_id.
merge into core.events
using (
    select distinct on (event_id)
        event_id,
        user_id,
        movie_id,
        kind,
        value,
        occurred_at
    from staging.feedback_event
    where batch_id = %(batch_id)s
    order by event_id asc, position desc
) as tonight
    on events.event_id = tonight.event_id
when matched and row(events.*) is distinct from row(tonight.*) then
    update set
        user_id = tonight.user_id,
        movie_id = tonight.movie_id,
        kind = tonight.kind,
        value = tonight.value,
        occurred_at = tonight.occurred_at
when not matched then
    insert (event_id, user_id, movie_id, kind, value, occurred_at)
    values (tonight.event_id, tonight.user_id, tonight.movie_id, tonight.kind, tonight.value, tonight.occurred_at)
when not matched by source then delete;
