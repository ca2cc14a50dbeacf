-- Purpose: note what became of the rows of a slice.
-- Parameters: slice_id.
call ops.mark_staged(%(slice_id)s::integer);
