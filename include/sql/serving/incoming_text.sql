-- Purpose: room for the events of a source as text, for the open transaction.
-- Grain: event as read. Key: position. Inputs: none. Parameters: none.
create temporary table incoming_text (
    position bigint generated always as identity,
    event_id text,
    user_id text,
    movie_id text,
    kind text,
    value text,
    created_at text,
    is_deleted boolean,
    extra jsonb
) on commit drop;
