-- Purpose: note how dates of a slice are written that end in the year, and one of them.
-- Grain: one row. Key: slice_id. Inputs: none. Parameters: slice_id, date_order, date_example.
update ops.slice
set date_order = %(date_order)s, date_example = %(date_example)s
where slice_id = %(slice_id)s;
