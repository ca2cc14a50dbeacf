-- Purpose: how many rows of a slice break each rule, rejecting or warning, and the first of them.
-- Grain and key: slice_id, rule. A rule rejects or warns, never both.
-- Inputs: quarantine.row, staging.<table>_checked (generated from ops.row_rule). Parameters: slice_id, table_name.
delete from ops.rule_count
where slice_id = %(slice_id)s;

insert into ops.rule_count (slice_id, rule, broken_rows, example_position, example_value)
with violation as (
    select
        broken_rule.rule,
        rejected_row.position,
        ops.example_value(%(table_name)s, broken_rule.rule, rejected_row.record) as value
    from quarantine.row as rejected_row
    cross join lateral unnest(rejected_row.broken_rules) as broken_rule (rule)
    where rejected_row.slice_id = %(slice_id)s
    union all
    select
        warned_row.rule,
        warned_row.row_position as position,
        ops.example_value(%(table_name)s, warned_row.rule, warned_row.record) as value
    from ops.warned_rows(%(slice_id)s) as warned_row
)

select
    %(slice_id)s as slice_id,
    rule,
    count(*) as broken_rows,
    min(position) as example_position,
    (array_agg(value order by position))[1] as example_value
from violation
group by rule;
