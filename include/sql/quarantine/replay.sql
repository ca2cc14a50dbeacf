-- Purpose: bring decided rows into raw, as one slice per slice that they were rejected from, and show the night what has
-- been replayed of the slices that it sees. A decision goes with the row that it is about, in one transaction: what is
-- replayed arrives once. A line that several loads brought counts as one, in the last load that the night sees.
-- Inputs: quarantine.decision. Parameters: batch_id.
with equal_line as (
    select
        waiting.slice_id,
        waiting.position,
        first_value(waiting.slice_id) over (
            partition by waiting.source, waiting.table_name, md5(waiting.record::text)
            order by decision.decided_at desc, waiting.slice_id desc
        ) as last_slice_id
    from quarantine.decision
    inner join quarantine.row as waiting
        on decision.slice_id = waiting.slice_id and decision.position = waiting.position
)

-- of decisions in different loads the last one holds; equal lines of one load are as many rows
delete from quarantine.decision
using equal_line
where
    decision.slice_id = equal_line.slice_id
    and decision.position = equal_line.position
    and equal_line.slice_id <> equal_line.last_slice_id;

call quarantine.show_replayed(%(batch_id)s);

-- a decision about a load that has been replaced is about the same line in the load that the night sees
update quarantine.decision
set
    slice_id = seen.slice_id,
    position = seen.position
from quarantine.row as old, quarantine.row as seen, ops.batch_slice
where
    decision.slice_id = old.slice_id
    and decision.position = old.position
    and not exists (
        select 1 from ops.batch_slice as held
        where held.batch_id = %(batch_id)s and held.slice_id = old.slice_id
    )
    and batch_slice.batch_id = %(batch_id)s
    and batch_slice.slice_id = seen.slice_id
    and seen.status = 'rejected'
    and seen.source = old.source
    and seen.table_name = old.table_name
    and md5(seen.record::text) = md5(old.record::text)
    and not exists (
        select 1 from quarantine.decision as taken
        where taken.slice_id = seen.slice_id and taken.position = seen.position
    );

call quarantine.replay(%(batch_id)s);

call quarantine.show_replayed(%(batch_id)s);

-- the same line from loads that have been replaced has come with it
update quarantine.row as twin
set
    status = decided.status,
    decided_record = decided.decided_record,
    waived = decided.waived,
    decided_at = decided.decided_at,
    decided_by = decided.decided_by
from quarantine.row as decided
inner join ops.slice as arrived on decided.replayed_slice_id = arrived.slice_id,
    ops.slice as loaded
where
    arrived.batch_id = %(batch_id)s
    and arrived.staged_at is null
    and twin.slice_id = loaded.slice_id
    and loaded.origin_slice_id is null
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
