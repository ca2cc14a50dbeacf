-- Purpose: profiles of some viewers as they stand.
-- Grain: viewer. Key: user_id. Inputs: core.users. Parameters: viewers.
select
    user_id,
    age,
    gender,
    occupation,
    postcode
from core.users
where user_id = any(%(viewers)s::bigint[])
order by user_id;
