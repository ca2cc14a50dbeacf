-- Purpose: the chosen rows one by one; a row with a pending edit also as it is going to come.
-- Grain: rejected row. Key: id. Inputs: chosen. Parameters: row_limit.
select
    rejected.slice_id || ':' || rejected.position as id,
    rejected.batch_id as batch,
    rejected.source,
    rejected.table_name,
    chosen.state,
    rejected.broken_rules,
    jsonb_strip_nulls(rejected.record - 'is_deleted') as record,
    case
        when decision.record <> rejected.record then jsonb_strip_nulls(decision.record - 'is_deleted')
    end as edited,
    coalesce(decision.decided_by, rejected.decided_by) as decided_by,
    array_to_string(rejected.reasons, '; ') as allowed
from chosen
inner join quarantine.row as rejected
    on chosen.slice_id = rejected.slice_id and chosen.position = rejected.position
left join quarantine.decision
    on chosen.slice_id = decision.slice_id and chosen.position = decision.position
order by rejected.slice_id, rejected.position
limit %(row_limit)s;
