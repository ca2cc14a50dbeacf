-- Purpose: the top of the live lists of the first few viewers.
-- Grain: viewer and rank. Key: user_id, rank. Inputs: serving.live_recommendation. Parameters: viewers, movies.
with shown_viewer as (
    select distinct user_id
    from serving.live_recommendation
    order by user_id
    limit %(viewers)s
)

select
    live_recommendation.user_id,
    live_recommendation.rank,
    live_recommendation.title,
    live_recommendation.reason
from serving.live_recommendation
inner join shown_viewer on live_recommendation.user_id = shown_viewer.user_id
where live_recommendation.rank <= %(movies)s
order by live_recommendation.user_id, live_recommendation.rank;
