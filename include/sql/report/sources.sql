-- Purpose: sources that did not deliver in a batch, and why.
-- Grain and key: source. Inputs: ops.batch_source. Parameters: batch_id.
select
    source,
    status,
    coalesce(message, 'not asked for') as message
from ops.batch_source
where batch_id = %(batch_id)s and status <> 'delivered'
order by source;
