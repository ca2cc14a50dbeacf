-- Purpose: record the batch that a layer shows from now on, and the slices that it is made of.
-- Grain: layer; layer and slice. Inputs: manifest, ops.batch. Parameters: layer, batch_id.
insert into ops.held (layer, batch_id, as_of)
select
    %(layer)s as layer,
    batch.batch_id,
    batch.as_of
from ops.batch
where batch.batch_id = %(batch_id)s
on conflict (layer) do update
    set batch_id = excluded.batch_id, as_of = excluded.as_of, held_at = clock_timestamp();

delete from ops.held_slice
where layer = %(layer)s;

insert into ops.held_slice (layer, slice_id)
select
    %(layer)s as layer,
    slice_id
from manifest
where is_held;
