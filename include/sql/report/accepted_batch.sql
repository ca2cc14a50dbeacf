-- Purpose: what an accepted batch brought, for those who wait for it.
-- Grain: one row. Key: batch_id. Inputs: ops.batch, ops.batch_slice, ops.slice. Parameters: batch_id.
select
    batch.batch_id,
    batch.as_of,
    coalesce(sum(slice.raw_rows), 0)::bigint as rows_in,
    coalesce(sum(slice.staging_rows), 0)::bigint as rows_kept,
    coalesce(sum(slice.quarantine_rows), 0)::bigint as rows_quarantined
from ops.batch
left join ops.batch_slice on batch.batch_id = batch_slice.batch_id
left join ops.slice on batch_slice.slice_id = slice.slice_id
where batch.batch_id = %(batch_id)s
group by batch.batch_id, batch.as_of;
