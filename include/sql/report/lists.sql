-- Purpose: the top of the live lists of the first few viewers.
-- Grain: viewer and rank. Key: user_id, rank. Inputs: serving.live_recommendation. Parameters: viewers, movies.
with shown_viewer as (
    select user_id
    from serving.live_recommendation
    where rank = 1
    order by user_id
    limit %(viewers)s
)

select
    live_recommendation.user_id,
    live_recommendation.rank,
    live_recommendation.title,
    live_recommendation.reason
from serving.live_recommendation
where
    -- an array, with which the lists of these viewers are looked up and those of all others left unread
    live_recommendation.user_id = any(array(select shown_viewer.user_id from shown_viewer))
    and live_recommendation.rank <= %(movies)s
order by live_recommendation.user_id, live_recommendation.rank;
