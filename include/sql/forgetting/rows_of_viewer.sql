-- Purpose: rows of a viewer that are left, anywhere.
-- Grain: table that has some. Key: table_name. Inputs: ops.rows_of_viewer(). Parameters: user_id.
select
    table_name,
    rows
from ops.rows_of_viewer(%(user_id)s);
