-- Purpose: copy the rows of a slice that no rule rejects into staging.
-- Grain: one row. Key: slice_id. Inputs: staging.<table>_checked. Parameters: slice_id.
select ops.fill_staging(%(slice_id)s) as staging_rows;
