-- Purpose: the genres of the live version's movies, as the API answers them. Grain: one row. Key: none.
-- Inputs: serving.freshness, serving.etag(), serving.genres(). Parameters: none.
select
    serving.etag() as etag,
    json_build_object(
        'version_id', freshness.version_id,
        'items', (select coalesce(json_agg(item order by item.genre), '[]') from serving.genres() as item)
    )::text as body
from serving.freshness
