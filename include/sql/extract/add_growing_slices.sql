-- Purpose: pieces that only grow are part of every later batch, whether they are read again or not: what they brought,
-- such as events from files that are gone by now, stays.
-- Grain: slice. Key: batch_id, slice_id. Inputs: ops.batch_slice, ops.slice. Parameters: batch_id, source.
insert into ops.batch_slice (batch_id, slice_id)
select
    %(batch_id)s as batch_id,
    slice.slice_id
from ops.slice
where
    slice.source = %(source)s
    and slice.mode = 'changes'
    and slice.origin_slice_id is null
    and not exists (
        select 1 from ops.slice as whole_slice
        where
            whole_slice.source = slice.source
            and whole_slice.table_name = slice.table_name
            and whole_slice.piece = slice.piece
            and whole_slice.mode = 'whole'
    )
on conflict do nothing;
