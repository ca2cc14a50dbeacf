-- Purpose: a few viewers who have lists, to choose from. Grain: viewer. Key: user_id.
-- Inputs: serving.live_recommendation. Parameters: row_limit.
select listed.user_id
from serving.live_recommendation as listed
where listed.rank = 1
-- any will do, and sorting would read the lists of everybody
limit %(row_limit)s::integer -- noqa: AM09
