-- Purpose: typed feedback events.
-- Grain: one row of raw.feedback_event. Key: batch_id, position.
-- Inputs: staging.feedback_event_judged (generated from ops.row_rule). Parameters: batch_id.
delete from staging.feedback_event
where batch_id = %(batch_id)s;

insert into staging.feedback_event (batch_id, position, event_id, user_id, movie_id, kind, value, occurred_at)
select
    judged.batch_id,
    judged.position,
    judged.event_id,
    judged.user_id,
    judged.movie_id,
    judged.kind,
    judged.value,
    judged.occurred_at
from staging.feedback_event_judged as judged
where judged.batch_id = %(batch_id)s and cardinality(judged.broken_rules) = 0;

analyze staging.feedback_event;
