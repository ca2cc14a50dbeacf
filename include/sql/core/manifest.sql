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
),

-- A server's word on a row it sent before also settles what was replayed of that row: replayed rows of servers stand
-- where the rows stood that they were rejected from. Replayed rows of files are a piece of their own.
placed as (
    select
        replayed.*,
        case
            when origin.mode = 'changes' or origin.piece like 'table %%' then origin.piece else replayed.piece
        end as lineage,
        coalesce(replayed.root_slice_id, replayed.slice_id)::bigint * 4294967296 + replayed.slice_id as turn
    from ops.slice as replayed
    inner join ops.slice as origin on coalesce(replayed.root_slice_id, replayed.slice_id) = origin.slice_id
)

select
    slice.slice_id,
    slice.source,
    slice.table_name,
    slice.last_at,
    slice.turn,
    dense_rank() over (order by slice.source, slice.table_name, slice.lineage) as lineage,
    ops.source_rank(slice.source) as source_rank,
    now_held.slice_id is not null as was_held,
    to_hold.slice_id is not null as is_held,
    count(to_hold.slice_id) over (partition by slice.source, slice.table_name, slice.lineage) = 1 as is_single,
    greatest(
        count(now_held.slice_id) over (partition by slice.source, slice.table_name, slice.lineage),
        count(to_hold.slice_id) over (partition by slice.source, slice.table_name, slice.lineage)
    ) > 1 as is_grown,
    coalesce((
        select held.as_of from ops.held
        where held.layer = %(layer)s
    ), '-infinity') as old_as_of,
    (
        select batch.as_of from ops.batch
        where batch.batch_id = %(batch_id)s
    ) as new_as_of
from now_held
full join to_hold on now_held.slice_id = to_hold.slice_id
inner join placed as slice on coalesce(now_held.slice_id, to_hold.slice_id) = slice.slice_id;

analyze manifest;
