-- Purpose: a version that is written again needs a new audit; no effect, and no lock, while it is being built.
-- Grain: at most one row. Key: version_id. Inputs: serving.version. Parameters: version_id.
update serving.version
set status = 'building'
where version_id = %(version_id)s and status in ('audited', 'rejected');
