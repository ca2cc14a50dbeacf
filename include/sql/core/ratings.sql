-- Purpose: the latest rating of a viewer for a movie, from the files and from rating events.
-- At the same second the event wins over the file, then the later row.
-- Grain and key: user_id, movie_id.
-- Inputs: staging.ratings, staging.feedback_event. Parameters: batch_id.
merge into core.ratings
using (
    with given as (
        select
            user_id,
            movie_id,
            rating,
            rated_at,
            0 as preference,
            position
        from staging.ratings
        where batch_id = %(batch_id)s
        union all
        select
            user_id,
            movie_id,
            value as rating,
            occurred_at as rated_at,
            1 as preference,
            event_id as position
        from staging.feedback_event
        where batch_id = %(batch_id)s and kind = 'rating'
    )

    select distinct on (user_id, movie_id)
        user_id,
        movie_id,
        rating::real as rating,
        rated_at
    from given
    order by user_id asc, movie_id asc, rated_at desc, preference desc, position desc
) as tonight
    on ratings.user_id = tonight.user_id and ratings.movie_id = tonight.movie_id
when matched and row(ratings.*) is distinct from row(tonight.*) then
    update set rating = tonight.rating, rated_at = tonight.rated_at
when not matched then
    insert (user_id, movie_id, rating, rated_at)
    values (tonight.user_id, tonight.movie_id, tonight.rating, tonight.rated_at)
when not matched by source then delete;
