-- Purpose: let the chosen rows come again on the next night: as they came, edited, or with their rules waived. An edit
-- and a waiver add to what was decided before; to replay a row as it came takes that back.
-- Grain: rejected row. Inputs: chosen. Parameters: action (replay, edit, accept), changes, is_complete, decided_by.
insert into quarantine.decision (slice_id, position, record, waived, decided_by)
select
    rejected.slice_id,
    rejected.position,
    case
        -- what the reader noted about ragged lines no longer holds
        when %(is_complete)s and jsonb_typeof(so_far.record -> 'extra') = 'object'
            then jsonb_set(so_far.record, '{extra}', (so_far.record -> 'extra') - '{overflow,missing,error}'::text [])
        else so_far.record
    end || %(changes)s::jsonb as record,
    case
        when %(action)s = 'accept' then array(
            select jsonb_array_elements_text(coalesce(rejected.record -> 'extra' -> 'waived', '[]'))
            union
            select unnest(so_far.waived || rejected.broken_rules)
        )
        else so_far.waived
    end as waived,
    %(decided_by)s as decided_by
from chosen
inner join quarantine.row as rejected
    on chosen.slice_id = rejected.slice_id and chosen.position = rejected.position
left join quarantine.decision
    on
        chosen.slice_id = decision.slice_id
        and chosen.position = decision.position
        and %(action)s <> 'replay'
cross join lateral (
    select
        coalesce(decision.record, rejected.record) as record,
        coalesce(decision.waived, '{}') as waived
) as so_far
on conflict (slice_id, position) do update
    set
        record = excluded.record,
        waived = excluded.waived,
        decided_by = excluded.decided_by,
        decided_at = clock_timestamp();
