-- Purpose: make room for another attempt of a source in a batch.
-- Grain: slice. Key: batch_id, slice_id. Inputs: ops.batch_slice, ops.slice. Parameters: batch_id, source.
delete from ops.batch_slice
using ops.slice
where
    batch_slice.slice_id = slice.slice_id
    and batch_slice.batch_id = %(batch_id)s
    and slice.source = %(source)s;
