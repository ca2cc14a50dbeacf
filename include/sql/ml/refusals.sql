-- Purpose: the rankers that take no part in a training.
-- Grain and key: ranker. Inputs: ml.refused. Parameters: training_id.
select
    ranker,
    reason
from ml.refused
where training_id = %(training_id)s
order by ranker;
