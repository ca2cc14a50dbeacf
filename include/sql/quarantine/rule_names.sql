-- Purpose: the names of the rejecting rules.
-- Grain and key: rule. Inputs: ops.row_rule. Parameters: table_name (null: of every table).
select distinct rule
from ops.row_rule
where severity = 'reject' and (%(table_name)s::text is null or table_name = %(table_name)s::text)
order by rule;
