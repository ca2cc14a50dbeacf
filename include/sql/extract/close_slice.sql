-- Purpose: what the reader said of a slice, and how many rows it brought.
-- Parameters: slice_id, fingerprint, watermark, new_columns, left_out, raw_rows.
update ops.slice
set
    fingerprint = %(fingerprint)s,
    watermark = %(watermark)s,
    new_columns = %(new_columns)s,
    left_out = %(left_out)s,
    raw_rows = %(raw_rows)s
where slice_id = %(slice_id)s;
