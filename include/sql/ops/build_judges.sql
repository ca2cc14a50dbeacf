-- Purpose: generate the views that judge rows from ops.row_rule.
-- Inputs: ops.row_rule. Parameters: none.
call ops.build_judges();
