-- Purpose: the base rankers that the learned rankers of a training went on without.
-- Grain: learned ranker and base ranker. Key: ranker, base_ranker. Inputs: ml.left_out. Parameters: training_id.
select
    ranker,
    base_ranker,
    reason
from ml.left_out
where training_id = %(training_id)s
order by ranker, base_ranker;
