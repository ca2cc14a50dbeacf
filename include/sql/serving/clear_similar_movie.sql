-- Purpose: make room for the similar movies of a version.
-- Grain: movie and rank. Key: version_id, movie_id, rank. Inputs: serving.similar_movie. Parameters: version_id.
delete from serving.similar_movie
where version_id = %(version_id)s;
