-- Purpose: drop the slices that neither core nor one of the kept batches consists of; counts and results stay.
-- Grain: slice. Key: slice_id. Inputs: ops.batch, ops.slice, ops.batch_slice, ops.shown_slice. Parameters: batch_id
-- (kept in any case), keep_nights.
call ops.prune_slices(%(batch_id)s, %(keep_nights)s);
