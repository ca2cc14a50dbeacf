-- Purpose: every source that has ever been read: each holds a lock while it is.
-- Grain: source. Key: source. Inputs: ops.batch_source. Parameters: none.
select distinct source
from ops.batch_source
order by source;
