-- Purpose: the rows of a slice to which the rules are applied one by one: those that are not in staging.
-- Grain: one row. Key: none. Inputs: the table of the slice in staging. Parameters: slice_id.
select
    positions,
    last_position
from ops.positions_not_staged(%(slice_id)s);
