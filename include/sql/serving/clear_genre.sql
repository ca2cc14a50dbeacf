-- Purpose: make room for the genres of a version's movies.
-- Grain: genre. Key: version_id, genre. Inputs: serving.genre. Parameters: version_id.
delete from serving.genre
where version_id = %(version_id)s;
