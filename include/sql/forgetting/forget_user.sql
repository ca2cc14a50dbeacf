-- Purpose: delete the rows of a viewer wherever there are any.
-- Grain: table that had some. Key: table_name. Inputs: ops.forget_user(). Parameters: user_id.
select
    table_name,
    rows
from ops.forget_user(%(user_id)s);
