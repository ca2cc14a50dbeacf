-- Purpose: the rankers of a training that were evaluated.
-- Grain and key: ranker. Inputs: ml.evaluation. Parameters: training_id, k.
select
    ranker,
    coverage_at_k
from ml.evaluation
where training_id = %(training_id)s and k = %(k)s
order by ranker;
