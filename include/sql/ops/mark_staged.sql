-- Purpose: note what became of the rows of a slice.
-- Grain: one row. Key: slice_id. Inputs: ops.slice and the layers. Parameters: slice_id.
call ops.mark_staged(%(slice_id)s::integer);
