-- Purpose: delete the affected ratings that no longer count.
-- Grain: viewer and movie. Key: user_id, movie_id. Inputs: affected_rating, winning_rating. Parameters: none.
-- The stale ones are found first, since there are mostly none: otherwise every affected rating would be looked up.
with stale_rating as materialized (
    select
        affected_rating.user_id,
        affected_rating.movie_id
    from affected_rating
    where not exists (
        select 1 from winning_rating
        where
            winning_rating.user_id = affected_rating.user_id
            and winning_rating.movie_id = affected_rating.movie_id
    )
)

delete from ratings
using stale_rating
where ratings.user_id = stale_rating.user_id and ratings.movie_id = stale_rating.movie_id;
