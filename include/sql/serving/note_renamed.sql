-- Purpose: note what a version shows under an id that core has merged into another one by now, as where the version is
-- made of an earlier batch. Grain: version and id that was merged. Key: version_id, alias_id.
-- Inputs: serving.catalogue, core.movie_alias. Parameters: version_id.
select ops.find_renamed_movies(%(version_id)s::bigint);
