-- Purpose: keep the outcome of an audit.
-- Parameters: version_id, status.
update serving.version
set status = %(status)s
where version_id = %(version_id)s and status <> 'published';
