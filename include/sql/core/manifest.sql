-- Purpose: the slices that a layer is made of now (was_held) and those that it is to be made of (is_held).
-- Grain: slice. Inputs: ops.held_slice, ops.batch_slice. Parameters: layer, batch_id.
create temporary table manifest on commit drop as
with now_held as (
    select slice_id from ops.held_slice
    where layer = %(layer)s
),

to_hold as (
    select slice_id from ops.batch_slice
    where batch_id = %(batch_id)s
)

select
    slice.slice_id,
    slice.source,
    slice.table_name,
    slice.last_at,
    dense_rank() over (order by slice.source, slice.table_name, slice.piece) as lineage,
    ops.source_rank(slice.source) as source_rank,
    now_held.slice_id is not null as was_held,
    to_hold.slice_id is not null as is_held,
    count(to_hold.slice_id) over (partition by slice.source, slice.table_name, slice.piece) = 1 as is_single,
    greatest(
        count(now_held.slice_id) over (partition by slice.source, slice.table_name, slice.piece),
        count(to_hold.slice_id) over (partition by slice.source, slice.table_name, slice.piece)
    ) > 1 as is_grown,
    coalesce((select held.as_of from ops.held where held.layer = %(layer)s), '-infinity') as old_as_of,
    (select batch.as_of from ops.batch where batch.batch_id = %(batch_id)s) as new_as_of
from now_held
full join to_hold on now_held.slice_id = to_hold.slice_id
inner join ops.slice on coalesce(now_held.slice_id, to_hold.slice_id) = slice.slice_id;

analyze manifest;
