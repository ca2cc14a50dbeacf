-- Purpose: the rules that rows of a batch break, most broken first, with the place of an example and, unless it may be
-- about a person, its value. A row that breaks three rules or more is no row of its table, such as a footer or a header
-- that comes again: it counts once, under the first of its rules (is_no_row).
-- Grain and key: source, table_name, piece, rule, is_no_row. Inputs: ops.batch_slice, ops.slice, ops.rule_count,
-- ops.row_rule, quarantine.row. Parameters: batch_id.
with part as (
    select slice.*
    from ops.batch_slice
    inner join ops.slice on batch_slice.slice_id = slice.slice_id
    where batch_slice.batch_id = %(batch_id)s
),

rejected as (
    select
        part.slice_id,
        counted.rule,
        cardinality(rejected_row.broken_rules) >= 3 as is_no_row,
        count(*) as broken_rows,
        min(rejected_row.position) as example_position
    from part
    inner join quarantine.row as rejected_row on part.slice_id = rejected_row.slice_id
    cross join
        lateral unnest(
            case
                when cardinality(rejected_row.broken_rules) < 3 then rejected_row.broken_rules
                when 'columns' = any(rejected_row.broken_rules) then array['columns']
                else rejected_row.broken_rules[1:1]
            end
        ) as counted (rule)
    group by part.slice_id, counted.rule, is_no_row
),

broken as (
    select
        rejected.slice_id,
        rejected.rule,
        rejected.is_no_row,
        rejected.broken_rows,
        rejected.example_position,
        ops.example_value(example.table_name, rejected.rule, example.record) as example_value
    from rejected
    inner join quarantine.row as example
        on rejected.slice_id = example.slice_id and rejected.example_position = example.position
    union all
    select
        part.slice_id,
        rule_count.rule,
        false as is_no_row,
        rule_count.broken_rows,
        rule_count.example_position,
        rule_count.example_value
    from part
    inner join ops.rule_count on part.slice_id = rule_count.slice_id
    inner join ops.row_rule on part.table_name = row_rule.table_name and rule_count.rule = row_rule.rule
    where row_rule.severity = 'warning'
)

select
    part.source,
    part.table_name,
    part.piece,
    broken.rule,
    row_rule.severity,
    row_rule.sentence,
    broken.is_no_row,
    sum(broken.broken_rows)::bigint as broken_rows,
    sum(part.raw_rows)::bigint as rows,
    -- of several slices the first one's, place and value from the same row
    (array_agg(format('%%s:%%s', broken.slice_id, broken.example_position) order by broken.slice_id))[1]
        as example_row,
    (array_agg(broken.example_value order by broken.slice_id))[1] as example_value
from part
inner join broken on part.slice_id = broken.slice_id
inner join ops.row_rule on part.table_name = row_rule.table_name and broken.rule = row_rule.rule
group by
    part.source, part.table_name, part.piece, broken.rule, row_rule.severity, row_rule.sentence, broken.is_no_row
order by
    row_rule.severity asc, broken_rows desc, part.source asc, part.table_name asc, part.piece asc, broken.rule asc,
    broken.is_no_row asc;
