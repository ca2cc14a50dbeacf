-- Purpose: whether a viewer has a published list, whatever is placed before it or has been said about it since.
-- Grain: one row. Key: none. Inputs: serving.live_recommendation. Parameters: user_id.
select count(*) > 0 as has_list
from serving.live_recommendation
where live_recommendation.user_id = %(user_id)s::bigint
