-- Purpose: have the layers built anew that are made of slices whose rows have just been split again.
-- Inputs: ops.held, ops.held_slice. Parameters: slices.
delete from ops.held
where exists (
    select 1 from ops.held_slice
    where held_slice.layer = held.layer and held_slice.slice_id = any(%(slices)s)
);
