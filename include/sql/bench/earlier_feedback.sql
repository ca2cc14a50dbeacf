-- Purpose: feedback that made-up viewers gave long ago, and that nights have learned from. Grain: none, it writes. Key:
-- none. Inputs: none. Parameters: events, users, movies (how many there are).
insert into serving.viewer_event (event_id, user_id, movie_id, kind, created_at, updated_at)
select
    'earlier ' || turn.number as event_id,
    1 + mod(turn.number * 7919, %(users)s) as user_id,
    1 + mod(turn.number * 104729, %(movies)s) as movie_id,
    'view' as kind,
    '2025-01-01'::timestamptz as created_at,
    '2025-01-01'::timestamptz as updated_at
from generate_series(1::bigint, %(events)s::bigint) as turn (number);

insert into core.events (source, event_id, user_id, movie_id, kind, occurred_at)
select
    'serving' as source,
    event_id,
    user_id,
    movie_id,
    kind,
    created_at
from serving.viewer_event;

analyze serving.viewer_event, serving.unlearned_event, core.events;
