-- Purpose: the selected rows one by one; a row with a pending edit also as it is going to come.
-- Grain: rejected row. Key: id. Inputs: selected_row. Parameters: row_limit.
select
    rejected_row.slice_id || ':' || rejected_row.position as id,
    rejected_row.batch_id as batch,
    rejected_row.source,
    rejected_row.table_name,
    selected_row.status,
    rejected_row.broken_rules,
    jsonb_strip_nulls(rejected_row.record - 'is_deleted') as record,
    case
        when decision.record <> rejected_row.record then jsonb_strip_nulls(decision.record - 'is_deleted')
    end as edited,
    coalesce(decision.decided_by, rejected_row.decided_by) as decided_by,
    array_to_string(rejected_row.reasons, '; ') as allowed
from selected_row
inner join quarantine.row as rejected_row
    on selected_row.slice_id = rejected_row.slice_id and selected_row.position = rejected_row.position
left join quarantine.decision
    on selected_row.slice_id = decision.slice_id and selected_row.position = decision.position
order by rejected_row.slice_id, rejected_row.position
limit %(row_limit)s;
