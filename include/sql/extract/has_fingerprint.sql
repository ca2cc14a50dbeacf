-- Purpose: whether content has been loaded on any night.
-- Grain: one row. Parameters: source, table_name, fingerprint.
select count(*) > 0 as is_loaded
from ops.slice
where source = %(source)s and table_name = %(table_name)s and fingerprint = %(fingerprint)s;
