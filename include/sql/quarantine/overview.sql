-- Purpose: the chosen rows in groups that broke the same rules, with the first of each as an example.
-- Grain: batch, source, table, state and broken rules; the largest group first. Inputs: chosen. Parameters: none.
with grouped as (
    select
        rejected.batch_id,
        rejected.source,
        rejected.table_name,
        chosen.state,
        rejected.broken_rules,
        count(*) as rows,
        min(array[rejected.slice_id, rejected.position]) as first_place
    from chosen
    inner join quarantine.row as rejected
        on chosen.slice_id = rejected.slice_id and chosen.position = rejected.position
    group by rejected.batch_id, rejected.source, rejected.table_name, chosen.state, rejected.broken_rules
)

select
    grouped.batch_id as batch,
    grouped.source,
    grouped.table_name,
    grouped.state,
    grouped.rows,
    grouped.broken_rules,
    example.slice_id || ':' || example.position as first_row,
    jsonb_strip_nulls(example.record - 'is_deleted') as example,
    array_to_string(example.reasons, '; ') as allowed
from grouped
inner join quarantine.row as example
    on grouped.first_place[1] = example.slice_id and grouped.first_place[2] = example.position
order by grouped.rows desc, grouped.first_place asc;
