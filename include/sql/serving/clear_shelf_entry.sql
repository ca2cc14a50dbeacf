-- Purpose: make room for the shelves of a version.
-- Grain: shelf, key and rank. Key: version_id, shelf_id, key, rank. Inputs: serving.shelf_entry. Parameters:
-- version_id.
delete from serving.shelf_entry
where version_id = %(version_id)s;
