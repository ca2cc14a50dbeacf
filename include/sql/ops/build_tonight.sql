-- Purpose: generate the views of the latest batch that the quality gates read.
-- Inputs: ops.row_rule. Parameters: none.
call ops.build_tonight();
