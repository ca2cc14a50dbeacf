-- Purpose: let layers be built anew that hold one of the slices whose rows have just been split again.
-- Parameters: slices.
delete from ops.held
where exists (
    select 1 from ops.held_slice
    where held_slice.layer = held.layer and held_slice.slice_id = any(%(slices)s)
);
