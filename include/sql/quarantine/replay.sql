-- Purpose: bring decided rows into raw, as one slice per source and table, and let the night see every replayed slice.
-- A decision goes with the row that it is about, in one transaction: what is replayed arrives once. A line that several
-- loads brought counts as one; the last decision about it holds.
-- Inputs: quarantine.decision. Parameters: batch_id.
delete from quarantine.decision
using quarantine.row as earlier, quarantine.row as later, quarantine.decision as last_word
where
    decision.slice_id = earlier.slice_id
    and decision.position = earlier.position
    and last_word.slice_id = later.slice_id
    and last_word.position = later.position
    and later.slice_id <> earlier.slice_id
    and (later.status, earlier.status) = ('rejected', 'rejected')
    and (last_word.decided_at, later.slice_id) > (decision.decided_at, earlier.slice_id)
    and later.source = earlier.source
    and later.table_name = earlier.table_name
    and md5(later.record::text) = md5(earlier.record::text);

call quarantine.replay(%(batch_id)s);

-- the same line from other loads has come with it
update quarantine.row as twin
set
    status = decided.status,
    replayed_slice_id = decided.replayed_slice_id,
    replayed_position = decided.replayed_position,
    decided_at = decided.decided_at,
    decided_by = decided.decided_by
from quarantine.row as decided
inner join ops.slice as arrived on decided.replayed_slice_id = arrived.slice_id,
    ops.slice as loaded
where
    arrived.batch_id = %(batch_id)s
    and arrived.staged_at is null
    and twin.slice_id = loaded.slice_id
    and loaded.piece <> 'replay'
    and twin.status = 'rejected'
    and twin.slice_id <> decided.slice_id
    and twin.source = decided.source
    and twin.table_name = decided.table_name
    and md5(twin.record::text) = md5(decided.record::text);

delete from quarantine.decision
using quarantine.row as settled
where
    decision.slice_id = settled.slice_id
    and decision.position = settled.position
    and settled.status <> 'rejected';
