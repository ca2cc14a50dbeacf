-- Purpose: make room for the item weights of a version.
-- Grain: movie. Key: version_id, movie_id. Inputs: serving.item_weight. Parameters: version_id.
delete from serving.item_weight
where version_id = %(version_id)s;
