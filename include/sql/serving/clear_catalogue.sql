-- Purpose: make room for what a version knows about movies.
-- Grain: movie. Key: version_id, movie_id. Inputs: serving.catalogue. Parameters: version_id.
delete from serving.catalogue
where version_id = %(version_id)s;
