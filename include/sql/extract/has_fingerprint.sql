-- Purpose: whether content has been loaded for any batch.
-- Grain: one row. Key: none. Inputs: ops.slice. Parameters: source, table_name, fingerprint.
select count(*) > 0 as is_loaded
from ops.slice
where source = %(source)s and table_name = %(table_name)s and fingerprint = %(fingerprint)s;
