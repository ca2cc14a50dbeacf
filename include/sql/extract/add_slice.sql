-- Purpose: make a slice part of a batch.
-- Grain: one row. Key: batch_id, slice_id. Inputs: ops.batch_slice. Parameters: batch_id, slice_id.
insert into ops.batch_slice (batch_id, slice_id)
values (%(batch_id)s, %(slice_id)s)
on conflict do nothing;
