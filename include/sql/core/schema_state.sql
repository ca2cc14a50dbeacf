-- Purpose: the batch that the schema core or past shows, and whether it is still made of what that batch consists of.
-- Grain: at most one row. Key: schema_name. Inputs: ops.shown_batch, ops.shown_slice, ops.batch, ops.batch_slice.
-- Parameters: schema_name.
select
    shown_batch.batch_id,
    shown_batch.as_of = batch.as_of and not exists (
        select shown_slice.slice_id
        from ops.shown_slice
        where shown_slice.schema_name = shown_batch.schema_name
        except
        select batch_slice.slice_id
        from ops.batch_slice
        where batch_slice.batch_id = shown_batch.batch_id
    ) and not exists (
        select batch_slice.slice_id
        from ops.batch_slice
        where batch_slice.batch_id = shown_batch.batch_id
        except
        select shown_slice.slice_id
        from ops.shown_slice
        where shown_slice.schema_name = shown_batch.schema_name
    ) as is_current
from ops.shown_batch
inner join ops.batch on shown_batch.batch_id = batch.batch_id
where shown_batch.schema_name = %(schema_name)s;
