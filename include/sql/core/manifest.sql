-- Purpose: the slices that a schema is made of now (was_held) and those that it is to be made of (is_held). Slices of
-- one lineage follow each other: where several of them have a row, that of the last root counts, and of one root that
-- of the last slice.
-- Grain and key: slice_id. Inputs: ops.shown_batch, ops.shown_slice, ops.batch, ops.batch_slice, ops.slice.
-- Parameters: schema_name, batch_id.
create temporary table manifest on commit drop as
with current_slice as (
    select slice_id from ops.shown_slice
    where schema_name = %(schema_name)s
),

next_slice as (
    select slice_id from ops.batch_slice
    where batch_id = %(batch_id)s
),

-- A server's word on a row it sent before also settles what was replayed of that row: replayed rows of servers stand
-- where the rows stood that they were rejected from. Replayed rows of files are a piece of their own.
slice_with_root as (
    select
        slice.slice_id,
        slice.source,
        slice.table_name,
        slice.last_at,
        root.slice_id as root_slice_id,
        case when root.mode = 'changes' or root.piece like 'table %%' then root.piece else slice.piece end as lineage
    from ops.slice
    inner join ops.slice as root on coalesce(slice.root_slice_id, slice.slice_id) = root.slice_id
)

select
    slice.slice_id,
    slice.root_slice_id,
    slice.source,
    slice.table_name,
    slice.last_at,
    dense_rank() over (order by slice.source, slice.table_name, slice.lineage) as lineage,
    ops.source_rank(slice.source) as source_rank,
    ops.is_application(slice.source) as is_application,
    current_slice.slice_id is not null as was_held,
    next_slice.slice_id is not null as is_held,
    count(next_slice.slice_id) over (partition by slice.source, slice.table_name, slice.lineage) = 1 as is_single,
    greatest(
        count(current_slice.slice_id) over (partition by slice.source, slice.table_name, slice.lineage),
        count(next_slice.slice_id) over (partition by slice.source, slice.table_name, slice.lineage)
    ) > 1 as is_incremental,
    coalesce((
        select shown_batch.as_of from ops.shown_batch
        where shown_batch.schema_name = %(schema_name)s
    ), '-infinity') as old_as_of,
    (
        select batch.as_of from ops.batch
        where batch.batch_id = %(batch_id)s
    ) as new_as_of
from current_slice
full join next_slice on current_slice.slice_id = next_slice.slice_id
inner join slice_with_root as slice on coalesce(current_slice.slice_id, next_slice.slice_id) = slice.slice_id;

analyze manifest;
