-- Purpose: what is known of a movie on its way to a viewer, from the sources to the page.
-- Grain: one row. Key: movie_id. Inputs: ops.why_movie(). Parameters: user_id, movie_id.
select
    movie_id,
    asked_id,
    title,
    release_year,
    is_in_version,
    popularity_rank,
    quarantine_reasons,
    rating,
    rated_at,
    is_answered,
    event_kinds,
    rejected_row_reasons,
    placements,
    rank,
    reason,
    following_place,
    since_version,
    last_listed_version,
    rejected_version,
    rejected_checks,
    rejected_rank
from ops.why_movie(%(user_id)s, %(movie_id)s);
