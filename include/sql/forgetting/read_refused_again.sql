-- Purpose: let the pieces from which rows were refused be read anew on the next night, although they have not changed.
-- Grain: slice. Key: slice_id. Inputs: ops.slice. Parameters: none.
update ops.slice
set
    fingerprint = gen_random_uuid()::text,
    watermark = case when watermark is not null then '' end
where refused_rows > 0;
