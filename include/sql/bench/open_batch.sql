-- Purpose: the batch that made-up facts are of, as of the newest rating. Grain: one row. Key: batch_id.
-- Inputs: core.ratings. Parameters: none.
insert into ops.batch (run_id, dataset, as_of, status)
select
    'measurement' as run_id,
    'made up' as dataset,
    max(ratings.rated_at) as as_of,
    'accepted' as status
from core.ratings;
