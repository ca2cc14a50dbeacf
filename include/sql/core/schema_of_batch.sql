-- Purpose: which schema shows a batch: core the newest that has been built, past every earlier one.
-- Grain: one row. Key: batch_id. Inputs: ops.batch. Parameters: batch_id.
select
    case
        when exists (
            select 1
            from ops.batch as newer
            where
                newer.status in ('built', 'accepted')
                and (newer.as_of, newer.batch_id) > (batch.as_of, batch.batch_id)
        ) then 'past' else 'core'
    end as schema_name
from ops.batch
where batch.batch_id = %(batch_id)s;
