-- Purpose: record the batch that a schema shows from now on, and the slices that it is made of.
-- Grain: schema; schema and slice. Key: schema_name; schema_name, slice_id. Inputs: manifest, ops.batch. Parameters:
-- schema_name, batch_id.
insert into ops.shown_batch (schema_name, batch_id, as_of)
select
    %(schema_name)s as schema_name,
    batch.batch_id,
    batch.as_of
from ops.batch
where batch.batch_id = %(batch_id)s
on conflict (schema_name) do update
    set batch_id = excluded.batch_id, as_of = excluded.as_of, moved_at = clock_timestamp();

delete from ops.shown_slice
where schema_name = %(schema_name)s;

insert into ops.shown_slice (schema_name, slice_id)
select
    %(schema_name)s as schema_name,
    slice_id
from manifest
where is_held;
