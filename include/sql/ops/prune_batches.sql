-- Purpose: drop the rows of old batches from raw, staging and quarantine; their counts and results stay.
-- Parameters: keep_nights.
call ops.prune_batches(%(keep_nights)s);
