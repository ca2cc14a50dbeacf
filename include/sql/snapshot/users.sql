-- Purpose: viewers as they stand. Grain: viewer.
select
    user_id,
    age,
    gender,
    occupation,
    postcode
from users
order by user_id;
