-- Purpose: have the schemas built anew that are made of slices whose rows have just been split again.
-- Grain: schema. Key: schema_name. Inputs: ops.shown_batch, ops.shown_slice. Parameters: slices.
delete from ops.shown_batch
where exists (
    select 1 from ops.shown_slice
    where shown_slice.schema_name = shown_batch.schema_name and shown_slice.slice_id = any(%(slices)s)
);
