-- Purpose: rows of one raw table that break a rejecting rule, whole, with every reason.
-- Grain: one row of the raw table. Key: batch_id, table_name, position.
-- Inputs: staging.judged (generated from ops.row_rule). Parameters: batch_id, table_name.
delete from quarantine.row
where batch_id = %(batch_id)s and table_name = %(table_name)s;

insert into quarantine.row (batch_id, table_name, position, broken_rules, reasons, record)
select
    judged.batch_id,
    judged.table_name,
    judged.position,
    judged.broken_rules,
    array(
        select row_rule.sentence
        from ops.row_rule
        where row_rule.table_name = judged.table_name and row_rule.rule = any(judged.broken_rules)
        order by row_rule.rule
    ) as reasons,
    judged.record
from staging.judged
where
    judged.batch_id = %(batch_id)s
    and judged.table_name = %(table_name)s
    and cardinality(judged.broken_rules) > 0;
