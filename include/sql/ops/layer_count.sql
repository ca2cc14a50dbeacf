-- Purpose: rows of a batch per table and layer, kept as the history for volume checks.
-- Grain and key: batch_id, table_name.
-- Inputs: ops.reconciliation. Parameters: batch_id.
delete from ops.layer_count
where batch_id = %(batch_id)s;

insert into ops.layer_count (batch_id, table_name, raw_rows, staging_rows, quarantine_rows)
select
    reconciliation.batch_id,
    reconciliation.table_name,
    reconciliation.raw_rows,
    reconciliation.staging_rows,
    reconciliation.quarantine_rows
from ops.reconciliation
where reconciliation.batch_id = %(batch_id)s;
