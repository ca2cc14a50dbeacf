-- Purpose: a slice whose rows are about to be loaded in the same transaction.
-- Grain: one row. Key: slice_id. Inputs: ops.slice. Parameters: batch_id, source, table_name, piece, mode, fingerprint,
-- scale_low, scale_high.
insert into ops.slice (
    batch_id, source, table_name, piece, mode, fingerprint, scale_low, scale_high, raw_rows
)
values (
    %(batch_id)s, %(source)s, %(table_name)s, %(piece)s, %(mode)s, %(fingerprint)s, %(scale_low)s, %(scale_high)s, 0
)
returning slice_id;
