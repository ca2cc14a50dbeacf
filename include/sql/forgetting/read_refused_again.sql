-- Purpose: let the pieces from which rows were refused be read anew on the next night, although they have not changed:
-- a table or a feed from the start, which the last one of its slices tells, whether rows were refused from that or not.
-- Grain: slice. Key: slice_id. Inputs: ops.slice. Parameters: none.
update ops.slice
set
    fingerprint = case when refused_rows > 0 then gen_random_uuid()::text else fingerprint end,
    watermark = case when watermark is not null then '' end
where
    exists (
        select 1 from ops.slice as refused_slice
        where
            refused_slice.source = slice.source
            and refused_slice.table_name = slice.table_name
            and refused_slice.piece = slice.piece
            and refused_slice.refused_rows > 0
    );
