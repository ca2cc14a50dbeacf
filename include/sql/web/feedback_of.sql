-- Purpose: what a viewer said here, the latest first. Grain: event. Key: event_id.
-- Inputs: serving.feedback_of(), serving.movie(). Parameters: user_id, row_limit, after (null: from the latest on; else
-- the event_id of the last event of the page before), movie_id (null: of all).
select
    event.event_id,
    event.movie_id,
    event.title,
    event.release_year,
    event.kind,
    event.value,
    event.created_at,
    coalesce(movie.genres, '{}') as genres
from
    serving.feedback_of(
        %(user_id)s::bigint, %(row_limit)s::integer, %(after)s::text, %(movie_id)s::bigint
    ) as event
left join serving.movie(event.movie_id) as movie on true
order by event.created_at desc, event.event_id asc
