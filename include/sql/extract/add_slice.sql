-- Purpose: note that a night consists of a slice, among others.
-- Parameters: batch_id, slice_id.
insert into ops.batch_slice (batch_id, slice_id)
values (%(batch_id)s, %(slice_id)s)
on conflict do nothing;
