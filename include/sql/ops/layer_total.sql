-- Purpose: rows of a batch per layer: of everything it consists of, and of what was loaded for it.
-- Grain: one row. Key: batch_id. Inputs: ops.batch_slice, ops.slice. Parameters: batch_id.
select
    coalesce(sum(slice.raw_rows), 0)::bigint as raw,
    coalesce(sum(slice.staging_rows), 0)::bigint as staging,
    coalesce(sum(slice.quarantine_rows), 0)::bigint as quarantine,
    coalesce(sum(slice.raw_rows) filter (where slice.batch_id = batch_slice.batch_id), 0)::bigint as fresh
from ops.batch_slice
inner join ops.slice on batch_slice.slice_id = slice.slice_id
where batch_slice.batch_id = %(batch_id)s;
