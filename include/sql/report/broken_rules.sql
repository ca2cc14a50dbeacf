-- Purpose: the rules that rows of a batch break, most broken first, with the position of an example and, unless it may
-- be about a person, its value. A row that breaks three rules or more is not a row of its table, such as a footer or a
-- header that comes again: it counts once, under the first of its rules (is_no_row).
-- Grain and key: source, table_name, piece, rule, is_no_row. Inputs: ops.batch_slice, ops.slice, ops.rule_count,
-- ops.row_rule, quarantine.row. Parameters: batch_id.
with seen_slice as (
    select slice.*
    from ops.batch_slice
    inner join ops.slice on batch_slice.slice_id = slice.slice_id
    where batch_slice.batch_id = %(batch_id)s
),

rejecting_rule as (
    select
        seen_slice.slice_id,
        counted_rule.rule,
        cardinality(rejected_row.broken_rules) >= 3 as is_no_row,
        count(*) as broken_rows,
        min(rejected_row.position) as example_position
    from seen_slice
    inner join quarantine.row as rejected_row on seen_slice.slice_id = rejected_row.slice_id
    cross join
        lateral unnest(
            case
                -- what else is wrong with such a row comes of its quotes
                when 'quoting' = any(rejected_row.broken_rules) then array['quoting']
                when cardinality(rejected_row.broken_rules) < 3 then rejected_row.broken_rules
                when 'columns' = any(rejected_row.broken_rules) then array['columns']
                else rejected_row.broken_rules[1:1]
            end
        ) as counted_rule (rule)
    group by seen_slice.slice_id, counted_rule.rule, is_no_row
),

broken_rule as (
    select
        rejecting_rule.slice_id,
        rejecting_rule.rule,
        rejecting_rule.is_no_row,
        rejecting_rule.broken_rows,
        rejecting_rule.example_position,
        ops.example_value(example.table_name, rejecting_rule.rule, example.record) as example_value
    from rejecting_rule
    inner join quarantine.row as example
        on rejecting_rule.slice_id = example.slice_id and rejecting_rule.example_position = example.position
    union all
    select
        seen_slice.slice_id,
        rule_count.rule,
        false as is_no_row,
        rule_count.broken_rows,
        rule_count.example_position,
        rule_count.example_value
    from seen_slice
    inner join ops.rule_count on seen_slice.slice_id = rule_count.slice_id
    inner join ops.row_rule on seen_slice.table_name = row_rule.table_name and rule_count.rule = row_rule.rule
    where row_rule.severity = 'warning'
)

select
    seen_slice.source,
    seen_slice.table_name,
    seen_slice.piece,
    broken_rule.rule,
    row_rule.severity,
    row_rule.sentence,
    broken_rule.is_no_row,
    sum(broken_rule.broken_rows)::bigint as broken_rows,
    sum(seen_slice.raw_rows)::bigint as rows,
    -- of several slices the first one's, position and value from the same row
    (array_agg(format('%%s:%%s', broken_rule.slice_id, broken_rule.example_position) order by broken_rule.slice_id))[1]
        as example_row,
    (array_agg(broken_rule.example_value order by broken_rule.slice_id))[1] as example_value
from seen_slice
inner join broken_rule on seen_slice.slice_id = broken_rule.slice_id
inner join ops.row_rule on seen_slice.table_name = row_rule.table_name and broken_rule.rule = row_rule.rule
group by
    seen_slice.source, seen_slice.table_name, seen_slice.piece, broken_rule.rule, row_rule.severity, row_rule.sentence,
    broken_rule.is_no_row
order by
    row_rule.severity asc, broken_rows desc, seen_slice.source asc, seen_slice.table_name asc, seen_slice.piece asc,
    broken_rule.rule asc, broken_rule.is_no_row asc;
