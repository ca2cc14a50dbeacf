-- Purpose: make room for the similar movies of a version.
-- Parameters: version_id.
delete from serving.similar_movie
where version_id = %(version_id)s;
