-- Purpose: one writer of a batch at a time; a task that was given up on may still run beside its second try.
-- Released at the end of the transaction. Parameters: batch_id.
select batch_id
from ops.batch
where batch_id = %(batch_id)s
for update;
