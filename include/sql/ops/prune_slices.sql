-- Purpose: drop the slices that neither a layer nor one of the last nights consists of; counts and results stay.
-- Parameters: keep_nights.
call ops.prune_slices(%(keep_nights)s);
