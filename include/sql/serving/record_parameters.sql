-- Purpose: keep the hyper-parameters of the ranker that a version is made with.
-- Grain: one row. Key: version_id. Inputs: serving.version. Parameters: version_id, parameters (JSON).
update serving.version
set parameters = %(parameters)s::jsonb
where version_id = %(version_id)s and status <> 'published';
