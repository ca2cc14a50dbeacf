-- Purpose: NDCG of every viewer evaluated under one protocol, for every ranker that was.
-- Grain: viewer and ranker. Key: user_id, ranker. Inputs: ml.user_metric. Parameters: training_id, protocol, k.
select
    user_id,
    ranker,
    ndcg_at_k
from ml.user_metric
where training_id = %(training_id)s and protocol = %(protocol)s and k = %(k)s
order by user_id, ranker;
