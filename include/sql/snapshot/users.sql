-- Purpose: viewers as they stand.
-- Grain: viewer. Key: user_id. Inputs: users. Parameters: none.
select
    user_id,
    age,
    gender,
    occupation,
    postcode
from users
order by user_id;
