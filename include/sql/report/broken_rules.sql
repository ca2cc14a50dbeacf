-- Purpose: the rules that rows of a batch break, most broken first, with the place of an example and, unless it may be
-- about a person, its value.
-- Grain and key: source, table_name, piece, rule. Inputs: ops.batch_slice, ops.slice, ops.rule_count, ops.row_rule.
-- Parameters: batch_id.
select
    slice.source,
    slice.table_name,
    slice.piece,
    rule_count.rule,
    row_rule.severity,
    row_rule.sentence,
    sum(rule_count.broken_rows)::bigint as broken_rows,
    sum(slice.raw_rows)::bigint as rows,
    -- of several slices the first one's, place and value from the same row
    (array_agg(format('%%s:%%s', rule_count.slice_id, rule_count.example_position) order by rule_count.slice_id))[1]
        as example_row,
    (array_agg(rule_count.example_value order by rule_count.slice_id))[1] as example_value
from ops.batch_slice
inner join ops.slice on batch_slice.slice_id = slice.slice_id
inner join ops.rule_count on slice.slice_id = rule_count.slice_id
inner join ops.row_rule on slice.table_name = row_rule.table_name and rule_count.rule = row_rule.rule
where batch_slice.batch_id = %(batch_id)s
group by slice.source, slice.table_name, slice.piece, rule_count.rule, row_rule.severity, row_rule.sentence
order by
    row_rule.severity asc, broken_rows desc, slice.source asc, slice.table_name asc, slice.piece asc,
    rule_count.rule asc;
