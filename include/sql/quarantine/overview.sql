-- Purpose: the selected rows in groups that broke the same rules, with the first of each as an example.
-- Grain: batch, source, table, status and broken rules; the largest group first. Key: batch, source, table_name,
-- status, broken_rules. Inputs: selected_row. Parameters: none.
with row_group as (
    select
        rejected_row.batch_id,
        rejected_row.source,
        rejected_row.table_name,
        selected_row.status,
        rejected_row.broken_rules,
        count(*) as rows,
        min(array[rejected_row.slice_id, rejected_row.position]) as first_id
    from selected_row
    inner join quarantine.row as rejected_row
        on selected_row.slice_id = rejected_row.slice_id and selected_row.position = rejected_row.position
    group by
        rejected_row.batch_id, rejected_row.source, rejected_row.table_name, selected_row.status,
        rejected_row.broken_rules
)

select
    row_group.batch_id as batch,
    row_group.source,
    row_group.table_name,
    row_group.status,
    row_group.rows,
    row_group.broken_rules,
    example.slice_id || ':' || example.position as first_row,
    jsonb_strip_nulls(example.record - 'is_deleted') as example,
    array_to_string(example.reasons, '; ') as allowed
from row_group
inner join quarantine.row as example
    on row_group.first_id[1] = example.slice_id and row_group.first_id[2] = example.position
order by row_group.rows desc, row_group.first_id asc;
