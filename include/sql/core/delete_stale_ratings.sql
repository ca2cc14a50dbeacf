-- Purpose: delete the affected ratings that no longer count.
-- Inputs: affected_rating, winning_rating. Parameters: none.
-- First what is stale, mostly nothing: looked up in ratings before that, every affected rating costs a visit.
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
