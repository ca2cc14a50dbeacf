-- Purpose: the newest batch that may be learned from.
-- Grain: one row, none before the first. Key: batch_id. Inputs: ops.batch. Parameters: none.
select
    batch_id,
    as_of
from ops.batch
where status = 'accepted'
order by as_of desc, batch_id desc
limit 1;
