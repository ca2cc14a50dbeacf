-- Purpose: what a piece stands for: its last whole slice and the changes that came on top of it.
-- Grain: slice, in the order of loading. Key: slice_id. Inputs: ops.slice. Parameters: source, table_name, piece.
with piece_slice as (
    select
        slice_id,
        mode,
        fingerprint,
        watermark,
        origin_slice_id is not null as is_replayed,
        max(slice_id) filter (where mode = 'whole') over () as whole_slice_id
    from ops.slice
    where source = %(source)s and table_name = %(table_name)s and piece = %(piece)s
)

select
    slice_id,
    mode,
    fingerprint,
    watermark,
    is_replayed
from piece_slice
where slice_id >= coalesce(whole_slice_id, 0)
order by slice_id;
