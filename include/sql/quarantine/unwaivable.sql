-- Purpose: rules that chosen rows break and that nobody may waive.
-- Grain: table and rule. Inputs: chosen, ops.row_rule. Parameters: none.
select
    row_rule.table_name,
    row_rule.rule,
    row_rule.sentence,
    count(*) as rows
from chosen
inner join quarantine.row as rejected
    on chosen.slice_id = rejected.slice_id and chosen.position = rejected.position
inner join ops.row_rule
    on rejected.table_name = row_rule.table_name and row_rule.rule = any(rejected.broken_rules)
where not row_rule.is_waivable
group by row_rule.table_name, row_rule.rule, row_rule.sentence
order by row_rule.table_name, row_rule.rule;
