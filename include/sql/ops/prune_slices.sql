-- Purpose: drop the slices that neither core nor one of the kept batches consists of; counts and results stay.
-- Inputs: ops.batch, ops.slice, ops.batch_slice, ops.held_slice.
-- Parameters: batch_id (kept in any case), keep_nights.
call ops.prune_slices(%(batch_id)s, %(keep_nights)s);
