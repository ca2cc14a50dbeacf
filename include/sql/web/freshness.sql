-- Purpose: which version is live, and how fresh it is. Grain: one row, none before the first publication. Key: none.
-- Inputs: serving.freshness. Parameters: none.
select
    freshness.version_id,
    freshness.ranker,
    freshness.published_at,
    freshness.since,
    freshness.as_of,
    freshness.delta_id,
    freshness.delta_since,
    freshness.dataset,
    greatest(extract(epoch from freshness.age), 0)::double precision as age_seconds
from serving.freshness
