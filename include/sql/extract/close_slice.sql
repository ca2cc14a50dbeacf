-- Purpose: what the reader noted about a slice, and how many rows it brought.
-- Grain: one row. Key: slice_id. Inputs: ops.slice. Parameters: slice_id, fingerprint, watermark, new_columns,
-- skipped_rows, refused_rows, has_spaced_genres, raw_rows.
update ops.slice
set
    fingerprint = %(fingerprint)s,
    watermark = %(watermark)s,
    new_columns = %(new_columns)s,
    skipped_rows = %(skipped_rows)s,
    refused_rows = %(refused_rows)s,
    has_spaced_genres = %(has_spaced_genres)s,
    raw_rows = %(raw_rows)s
where slice_id = %(slice_id)s;
