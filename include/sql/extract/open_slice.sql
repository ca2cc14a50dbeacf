-- Purpose: a slice whose rows are about to be loaded in the same transaction.
-- Grain: one row. Key: slice_id. Inputs: ops.slice. Parameters: batch_id, source, table_name, piece, mode, fingerprint.
insert into ops.slice (
    batch_id, source, table_name, piece, mode, fingerprint, raw_rows
)
values (
    %(batch_id)s, %(source)s, %(table_name)s, %(piece)s, %(mode)s, %(fingerprint)s, 0
)
returning slice_id;
