-- Purpose: note ids that stand in several rows of a slice that differ.
-- Grain and key: slice_id. Inputs: the table of the slice in staging. Parameters: slice_id.
call ops.count_repeated_keys(%(slice_id)s);
