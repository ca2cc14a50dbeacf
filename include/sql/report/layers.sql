-- Purpose: rows of a batch per table and layer.
-- Grain: table. Parameters: batch_id.
select
    table_name as table,
    raw_rows as raw,
    staging_rows as staging,
    quarantine_rows as quarantined
from ops.layer_count
where batch_id = %(batch_id)s
order by raw_rows desc, table_name asc;
