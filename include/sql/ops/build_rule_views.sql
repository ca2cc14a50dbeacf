-- Purpose: generate the views that apply the rules of ops.row_rule to the rows of every table.
-- Grain: view. Key: table_name. Inputs: ops.row_rule. Parameters: none.
call ops.build_rule_views();
