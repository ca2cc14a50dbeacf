-- Purpose: the live version, since when it is live, and how its ranker was evaluated by its own training.
-- Grain: one row. Key: version_id. Inputs: serving.live, serving.version, ml.training, ml.evaluation. Parameters: k.
select
    version.ranker,
    live.since,
    training.training_id,
    training.seed,
    evaluation.ndcg_at_k as ndcg
from serving.live
inner join serving.version on live.version_id = version.version_id
inner join ml.training on version.training_id = training.training_id
inner join ml.evaluation
    on
        training.training_id = evaluation.training_id
        and version.ranker = evaluation.ranker
        and evaluation.k = %(k)s;
