-- Purpose: how many rows of a slice break each rule, rejecting or warning.
-- Grain and key: slice_id, rule.
-- Inputs: staging.checked (generated from ops.row_rule). Parameters: slice_id, table_name.
delete from ops.rule_count
where slice_id = %(slice_id)s;

insert into ops.rule_count (slice_id, rule, broken_rows)
select
    rejected_row.slice_id,
    broken_rule.rule,
    count(*) as broken_rows
from quarantine.row as rejected_row
cross join lateral unnest(rejected_row.broken_rules) as broken_rule (rule)
where rejected_row.slice_id = %(slice_id)s
group by rejected_row.slice_id, broken_rule.rule;

insert into ops.rule_count (slice_id, rule, broken_rows)
select
    checked.slice_id,
    broken_rule.rule,
    count(*) as broken_rows
from staging.checked
cross join lateral unnest(checked.warned_rules) as broken_rule (rule)
where
    checked.slice_id = %(slice_id)s
    and checked.table_name = %(table_name)s
    and checked.is_good
    and exists (
        select 1 from ops.row_rule
        where row_rule.table_name = %(table_name)s and row_rule.severity = 'warning'
    )
group by checked.slice_id, broken_rule.rule;
