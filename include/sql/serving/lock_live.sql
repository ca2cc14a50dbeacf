-- Purpose: the pointer, held against whoever wants to move it until the end of the transaction.
-- Grain: one row, none before the first publication. Key: version_id. Inputs: serving.live. Parameters: none.
select
    version_id,
    delta_id
from serving.live
for update;
