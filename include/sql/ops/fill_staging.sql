-- Purpose: copy the rows of a slice that no rule rejects into staging.
-- Grain: one row. Inputs: staging.<table>_checked (generated from ops.row_rule). Parameters: slice_id.
select ops.fill_staging(%(slice_id)s) as staging_rows;
