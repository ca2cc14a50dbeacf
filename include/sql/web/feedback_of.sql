-- Purpose: what a viewer said here, the latest first. Grain: event. Key: event_id.
-- Inputs: serving.feedback_of(), serving.movie(). Parameters: user_id, row_limit.
select
    event.event_id,
    event.movie_id,
    event.title,
    event.release_year,
    event.kind,
    event.value,
    event.created_at,
    coalesce(movie.genres, '{}') as genres
from serving.feedback_of(%(user_id)s::bigint, %(row_limit)s::integer) as event
left join serving.movie(event.movie_id) as movie on true
order by event.created_at desc, event.event_id asc
