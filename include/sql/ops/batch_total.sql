-- Purpose: rows of a batch per layer, over all tables.
-- Grain: one row. Inputs: ops.layer_count. Parameters: batch_id.
select
    coalesce(sum(raw_rows), 0) as raw,
    coalesce(sum(staging_rows), 0) as staging,
    coalesce(sum(quarantine_rows), 0) as quarantine
from ops.layer_count
where batch_id = %(batch_id)s;
