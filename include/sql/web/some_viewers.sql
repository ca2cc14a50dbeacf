-- Purpose: a few viewers who have lists, to choose from; newcomers are known by their number alone, which is not told.
-- Grain: viewer. Key: user_id. Inputs: serving.live_recommendation. Parameters: row_limit, newcomers_from (their ids).
select listed.user_id
from serving.live_recommendation as listed
where listed.rank = 1 and listed.user_id < %(newcomers_from)s::bigint
-- any will do, and sorting would read the lists of everybody
limit %(row_limit)s::integer -- noqa: AM09
