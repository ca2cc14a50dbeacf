-- Purpose: make room for the newcomers' list of a version.
-- Parameters: version_id.
delete from serving.fallback
where version_id = %(version_id)s;
