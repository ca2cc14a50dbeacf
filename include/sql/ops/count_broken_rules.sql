-- Purpose: how many rows of a slice break each rule, rejecting or warning, and the first of them.
-- Grain and key: slice_id, rule. A rule rejects or warns, never both.
-- Inputs: staging.checked (generated from ops.row_rule). Parameters: slice_id, table_name.
delete from ops.rule_count
where slice_id = %(slice_id)s;

insert into ops.rule_count (slice_id, rule, broken_rows, example_position, example_value)
with broken as (
    select
        broken_rule.rule,
        rejected_row.position,
        ops.example_value(%(table_name)s, broken_rule.rule, rejected_row.record) as value
    from quarantine.row as rejected_row
    cross join lateral unnest(rejected_row.broken_rules) as broken_rule (rule)
    where rejected_row.slice_id = %(slice_id)s
    union all
    select
        broken_rule.rule,
        checked.position,
        ops.example_value(%(table_name)s, broken_rule.rule, checked.record) as value
    from staging.checked
    cross join lateral unnest(checked.warned_rules) as broken_rule (rule)
    where
        checked.slice_id = %(slice_id)s
        and checked.table_name = %(table_name)s
        -- in this order: few rows break a rule that warns, and applying those that reject takes longer
        and case when cardinality(checked.warned_rules) > 0 then checked.is_good end
        and exists (
            select 1 from ops.row_rule
            where row_rule.table_name = %(table_name)s and row_rule.severity = 'warning'
        )
)

select
    %(slice_id)s as slice_id,
    rule,
    count(*) as broken_rows,
    min(position) as example_position,
    (array_agg(value order by position))[1] as example_value
from broken
group by rule;
