-- Purpose: bring decided rows into raw, as one slice per slice that they were rejected from, and add to the batch what
-- has been replayed of its slices. A decision goes with the row that it is about, in one transaction: what is replayed
-- arrives once for every line that the batch consists of.
-- Grain: replayed row. Key: slice_id, position. Inputs: quarantine.decision, quarantine.row, ops.batch_slice,
-- ops.slice. Parameters: batch_id.
with equal_line as (
    select
        waiting_row.slice_id,
        waiting_row.position,
        first_value(waiting_row.slice_id) over (
            partition by waiting_row.source, waiting_row.table_name, md5(waiting_row.record::text)
            order by decision.decided_at desc, waiting_row.slice_id desc
        ) as last_slice_id
    from quarantine.decision
    inner join quarantine.row as waiting_row
        on decision.slice_id = waiting_row.slice_id and decision.position = waiting_row.position
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
    slice_id = seen_row.slice_id,
    position = seen_row.position
from quarantine.row as old_row, quarantine.row as seen_row, ops.batch_slice
where
    decision.slice_id = old_row.slice_id
    and decision.position = old_row.position
    and not exists (
        select 1 from ops.batch_slice as held_slice
        where held_slice.batch_id = %(batch_id)s and held_slice.slice_id = old_row.slice_id
    )
    and batch_slice.batch_id = %(batch_id)s
    and batch_slice.slice_id = seen_row.slice_id
    and seen_row.status = 'rejected'
    and seen_row.source = old_row.source
    and seen_row.table_name = old_row.table_name
    and md5(seen_row.record::text) = md5(old_row.record::text)
    and not exists (
        select 1 from quarantine.decision as other_decision
        where other_decision.slice_id = seen_row.slice_id and other_decision.position = seen_row.position
    );

-- noqa: enable=all
-- a line that was replayed before, in a load that the night does not see, is replayed again
insert into quarantine.decision (slice_id, position, record, waived, decided_by)
select distinct on (fresh_row.slice_id, fresh_row.position)
    fresh_row.slice_id,
    fresh_row.position,
    decided_row.decided_record as record,
    decided_row.waived,
    decided_row.decided_by
from quarantine.row as fresh_row
inner join quarantine.row as decided_row
    on
        fresh_row.source = decided_row.source
        and fresh_row.table_name = decided_row.table_name
        and md5(fresh_row.record::text) = md5(decided_row.record::text)
        and fresh_row.slice_id <> decided_row.slice_id
inner join ops.slice on fresh_row.slice_id = slice.slice_id
inner join ops.batch_slice on fresh_row.slice_id = batch_slice.slice_id
inner join ops.slice as decided_slice on decided_row.slice_id = decided_slice.slice_id
where
    batch_slice.batch_id = %(batch_id)s
    and fresh_row.status = 'rejected'
    and decided_row.status = 'replayed'
    and decided_row.decided_record is not null
    -- what was replayed in vain is a row of its own: it follows what was decided about such a row, or waits
    and (
        slice.origin_slice_id is null
        or (decided_slice.origin_slice_id is not null and decided_row.decided_record <> fresh_row.record)
    )
order by fresh_row.slice_id asc, fresh_row.position asc, decided_row.decided_at desc, decided_row.slice_id desc
on conflict do nothing;

call quarantine.replay(%(batch_id)s);

call quarantine.show_replayed(%(batch_id)s);

delete from quarantine.decision
using quarantine.row as settled_row
where
    decision.slice_id = settled_row.slice_id
    and decision.position = settled_row.position
    and settled_row.status <> 'rejected';
