-- Purpose: let the chosen rows come again on the next night: as they came, edited, or with their rules waived. An edit
-- and a waiver add to what was decided before; to replay a row as it came takes that back.
-- Grain: rejected row. Inputs: chosen. Parameters: action (replay, edit, accept), changes, is_complete, decided_by.
with so_far as (
    select
        rejected.slice_id,
        rejected.position,
        rejected.broken_rules,
        coalesce(decision.record, rejected.record) as record,
        coalesce(decision.waived, '{}') as waived
    from chosen
    inner join quarantine.row as rejected
        on chosen.slice_id = rejected.slice_id and chosen.position = rejected.position
    left join quarantine.decision
        on
            chosen.slice_id = decision.slice_id
            and chosen.position = decision.position
            and %(action)s <> 'replay'
),

-- once a person has mended a ragged line, what the reader noted about it no longer holds
mended as (
    select
        slice_id,
        position,
        jsonb_set(record, '{extra}', (record -> 'extra') - '{overflow,missing,error}'::text[]) as record
    from so_far
    where %(is_complete)s and jsonb_typeof(record -> 'extra') = 'object'
),

waiver as (
    select
        so_far.slice_id,
        so_far.position,
        array_agg(distinct waived.rule order by waived.rule) as waived
    from so_far
    cross join
        lateral unnest(
            so_far.waived
            || so_far.broken_rules
            || array(select jsonb_array_elements_text(so_far.record -> 'extra' -> 'waived'))
        ) as waived (rule)
    where %(action)s = 'accept'
    group by so_far.slice_id, so_far.position
)

insert into quarantine.decision (slice_id, position, record, waived, decided_by)
select
    so_far.slice_id,
    so_far.position,
    coalesce(mended.record, so_far.record) || %(changes)s::jsonb as record,
    coalesce(waiver.waived, so_far.waived) as waived,
    %(decided_by)s as decided_by
from so_far
left join mended
    on so_far.slice_id = mended.slice_id and so_far.position = mended.position
left join waiver
    on so_far.slice_id = waiver.slice_id and so_far.position = waiver.position
on conflict (slice_id, position) do update
    set
        record = excluded.record,
        waived = excluded.waived,
        decided_by = excluded.decided_by,
        decided_at = clock_timestamp();
