-- Purpose: make room for the index of a version's titles.
-- Grain: trigram. Key: version_id, trigram. Inputs: serving.title_trigram. Parameters: version_id.
delete from serving.title_trigram
where version_id = %(version_id)s;
