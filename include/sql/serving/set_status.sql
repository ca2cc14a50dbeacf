-- Purpose: move a version that is not published to another status.
-- Parameters: version_id, status.
update serving.version
set status = %(status)s
where version_id = %(version_id)s and status <> 'published';
