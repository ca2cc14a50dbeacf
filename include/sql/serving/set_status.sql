-- Purpose: keep the outcome of an audit.
-- Grain: one row. Key: version_id. Inputs: serving.version. Parameters: version_id, status, failed_checks (JSON).
update serving.version
set status = %(status)s, failed_checks = %(failed_checks)s::jsonb
where version_id = %(version_id)s and status <> 'published';
