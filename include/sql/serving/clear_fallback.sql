-- Purpose: make room for the fallback list of a version.
-- Grain: rank. Key: version_id, rank. Inputs: serving.fallback. Parameters: version_id.
delete from serving.fallback
where version_id = %(version_id)s;
