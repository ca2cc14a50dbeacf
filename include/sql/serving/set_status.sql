-- Purpose: keep the outcome of an audit.
-- Grain: one row. Key: version_id. Inputs: serving.version. Parameters: version_id, status.
update serving.version
set status = %(status)s
where version_id = %(version_id)s and status <> 'published';
