-- Purpose: the genres of a version's movies, by which lists can be filtered.
-- Grain: genre. Key: version_id, genre. Inputs: serving.catalogue. Parameters: version_id.
select counted.genre
from ops.count_genres(%(version_id)s::bigint) as counted (genre);
