-- Purpose: rows of a batch per table and layer, and how many of them were loaded for it.
-- Grain and key: table. Inputs: ops.batch_slice, ops.slice. Parameters: batch_id.
select
    slice.table_name as table,
    sum(slice.raw_rows)::bigint as raw,
    sum(slice.staging_rows)::bigint as staging,
    sum(slice.quarantine_rows)::bigint as quarantined,
    coalesce(sum(slice.raw_rows) filter (where slice.batch_id = batch_slice.batch_id), 0)::bigint as newly_loaded
from ops.batch_slice
inner join ops.slice on batch_slice.slice_id = slice.slice_id
where batch_slice.batch_id = %(batch_id)s
group by slice.table_name
order by raw desc, slice.table_name asc;
