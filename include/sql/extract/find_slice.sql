-- Purpose: content of a piece that was loaded before, whenever that was.
-- Grain: at most one row. Key: slice_id. Inputs: ops.slice. Parameters: source, table_name, piece, fingerprint.
select max(slice_id) as slice_id
from ops.slice
where
    source = %(source)s
    and table_name = %(table_name)s
    and piece = %(piece)s
    and fingerprint = %(fingerprint)s
having count(*) > 0;
