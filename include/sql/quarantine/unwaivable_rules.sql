-- Purpose: rules that selected rows break and that nobody may waive.
-- Grain: rule of a table. Key: table_name, rule. Inputs: selected_row, ops.row_rule. Parameters: none.
select
    row_rule.table_name,
    row_rule.rule,
    row_rule.sentence,
    count(*) as rows
from selected_row
inner join quarantine.row as rejected_row
    on selected_row.slice_id = rejected_row.slice_id and selected_row.position = rejected_row.position
inner join ops.row_rule
    on rejected_row.table_name = row_rule.table_name and row_rule.rule = any(rejected_row.broken_rules)
where not row_rule.is_waivable
group by row_rule.table_name, row_rule.rule, row_rule.sentence
order by row_rule.table_name, row_rule.rule;
