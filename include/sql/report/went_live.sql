-- Purpose: whether a version that a run wrote went live.
-- Grain: one row. Key: none. Inputs: serving.version. Parameters: run_id.
select count(*) > 0 as went_live
from serving.version
where run_id = %(run_id)s and status = 'published';
