-- Purpose: the newest night, whatever became of it.
-- Grain: one row, none before the first. Parameters: none.
select
    batch_id,
    as_of,
    status
from ops.batch
order by as_of desc, batch_id desc
limit 1;
