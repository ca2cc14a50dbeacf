-- Purpose: the batch that is to be checked; the newest one where none is named.
-- Grain: at most one row. Key: batch_id. Inputs: ops.batch. Parameters: batch_id.
select
    batch_id,
    is_pruned
from ops.batch
where batch_id = %(batch_id)s::bigint or %(batch_id)s::bigint is null
order by as_of desc, batch_id desc
limit 1;
