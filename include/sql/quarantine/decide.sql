-- Purpose: let the selected rows come again with the next batch: as they came, edited, or with their rules waived. An
-- edit and a waiver add to what was decided before; to replay a row as it came takes that back.
-- Grain: rejected row. Key: slice_id, position. Inputs: selected_row, quarantine.row, quarantine.decision. Parameters:
-- action (replay, edit, accept), changes, is_complete, decided_by.
with current_decision as (
    select
        rejected_row.slice_id,
        rejected_row.position,
        rejected_row.broken_rules,
        coalesce(decision.record, rejected_row.record) as record,
        coalesce(decision.waived, '{}') as waived
    from selected_row
    inner join quarantine.row as rejected_row
        on selected_row.slice_id = rejected_row.slice_id and selected_row.position = rejected_row.position
    left join quarantine.decision
        on
            selected_row.slice_id = decision.slice_id
            and selected_row.position = decision.position
            and %(action)s <> 'replay'
),

-- once a person has mended a ragged line, what the reader noted about it no longer holds
mended_record as (
    select
        slice_id,
        position,
        jsonb_set(record, '{extra}', (record -> 'extra') - '{overflow,missing,error}'::text[]) as record
    from current_decision
    where %(is_complete)s and jsonb_typeof(record -> 'extra') = 'object'
),

waiver as (
    select
        current_decision.slice_id,
        current_decision.position,
        array_agg(distinct waived.rule order by waived.rule) as waived
    from current_decision
    cross join
        lateral unnest(
            current_decision.waived
            || current_decision.broken_rules
            || array(select jsonb_array_elements_text(current_decision.record -> 'extra' -> 'waived'))
        ) as waived (rule)
    where %(action)s = 'accept'
    group by current_decision.slice_id, current_decision.position
)

insert into quarantine.decision (slice_id, position, record, waived, decided_by)
select
    current_decision.slice_id,
    current_decision.position,
    coalesce(mended_record.record, current_decision.record) || %(changes)s::jsonb as record,
    coalesce(waiver.waived, current_decision.waived) as waived,
    %(decided_by)s as decided_by
from current_decision
left join mended_record
    on current_decision.slice_id = mended_record.slice_id and current_decision.position = mended_record.position
left join waiver
    on current_decision.slice_id = waiver.slice_id and current_decision.position = waiver.position
on conflict (slice_id, position) do update
    set
        record = excluded.record,
        waived = excluded.waived,
        decided_by = excluded.decided_by,
        decided_at = clock_timestamp();
