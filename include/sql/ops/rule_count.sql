-- Purpose: how many rows of one raw table break each rule, rejecting or warning.
-- Grain and key: batch_id, table_name, rule.
-- Inputs: staging.judged (generated from ops.row_rule). Parameters: batch_id, table_name.
delete from ops.rule_count
where batch_id = %(batch_id)s and table_name = %(table_name)s;

insert into ops.rule_count (batch_id, table_name, rule, broken_rows)
select
    judged.batch_id,
    judged.table_name,
    broken.rule,
    count(*) as broken_rows
from staging.judged
cross join lateral unnest(judged.broken_rules || judged.warned_rules) as broken (rule)
where judged.batch_id = %(batch_id)s and judged.table_name = %(table_name)s
group by judged.batch_id, judged.table_name, broken.rule;
