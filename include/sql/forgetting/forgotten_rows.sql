-- Purpose: rows that are left of forgotten viewers, in this batch or anywhere.
-- Grain: table that has some. Key: table_name. Inputs: ops.forgotten_rows(). Parameters: batch_id.
select
    table_name,
    rows
from ops.forgotten_rows(%(batch_id)s);
