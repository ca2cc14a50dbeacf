-- Purpose: the batch that a layer shows, and whether it is still made of what that batch consists of.
-- Grain: at most one row. Inputs: ops.held, ops.held_slice, ops.batch, ops.batch_slice. Parameters: layer.
select
    held.batch_id,
    held.as_of = batch.as_of and not exists (
        select held_slice.slice_id
        from ops.held_slice
        where held_slice.layer = held.layer
        except
        select batch_slice.slice_id
        from ops.batch_slice
        where batch_slice.batch_id = held.batch_id
    ) and not exists (
        select batch_slice.slice_id
        from ops.batch_slice
        where batch_slice.batch_id = held.batch_id
        except
        select held_slice.slice_id
        from ops.held_slice
        where held_slice.layer = held.layer
    ) as is_current
from ops.held
inner join ops.batch on held.batch_id = batch.batch_id
where held.layer = %(layer)s;
