-- Purpose: NDCG of every evaluated viewer under every ranker that was evaluated.
-- Grain: viewer and ranker. Key: user_id, ranker. Inputs: ml.user_metric. Parameters: training_id, k.
select
    user_id,
    ranker,
    ndcg_at_k
from ml.user_metric
where training_id = %(training_id)s and k = %(k)s
order by user_id, ranker;
