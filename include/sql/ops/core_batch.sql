-- Purpose: the batch that core holds: the last one that was merged, and whether its gate has passed.
-- Grain: one row, none before the first night.
select
    batch_id,
    status
from ops.batch
where status in ('built', 'accepted')
order by batch_id desc
limit 1;
