-- Purpose: bring decided rows into raw, as one slice per slice that they were rejected from, and show the night what
-- has
-- been replayed of the slices that it sees. A decision goes with the row that it is about, in one transaction: what is
-- replayed arrives once for every line that the night sees.
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

-- noqa: disable=RF01
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

-- noqa: enable=all
-- a line that was replayed before, in a load that the night does not see, is replayed again
insert into quarantine.decision (slice_id, position, record, waived, decided_by)
select distinct on (fresh.slice_id, fresh.position)
    fresh.slice_id,
    fresh.position,
    decided.decided_record as record,
    decided.waived,
    decided.decided_by
from quarantine.row as fresh
inner join quarantine.row as decided
    on
        fresh.source = decided.source
        and fresh.table_name = decided.table_name
        and md5(fresh.record::text) = md5(decided.record::text)
        and fresh.slice_id <> decided.slice_id
inner join ops.slice on fresh.slice_id = slice.slice_id
inner join ops.batch_slice on fresh.slice_id = batch_slice.slice_id
inner join ops.slice as decided_slice on decided.slice_id = decided_slice.slice_id
where
    batch_slice.batch_id = %(batch_id)s
    and fresh.status = 'rejected'
    and decided.status = 'replayed'
    and decided.decided_record is not null
    -- what was replayed in vain is a row of its own: it follows what was decided about such a row, or waits
    and (
        slice.origin_slice_id is null
        or (decided_slice.origin_slice_id is not null and decided.decided_record <> fresh.record)
    )
order by fresh.slice_id asc, fresh.position asc, decided.decided_at desc, decided.slice_id desc
on conflict do nothing;

call quarantine.replay(%(batch_id)s);

call quarantine.show_replayed(%(batch_id)s);

delete from quarantine.decision
using quarantine.row as settled
where
    decision.slice_id = settled.slice_id
    and decision.position = settled.position
    and settled.status <> 'rejected';
