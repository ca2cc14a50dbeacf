-- Purpose: the rankers of a training, best first, under the names that people use.
-- Grain: ranker. Parameters: training_id.
-- noqa: disable=RF05
select
    ranker,
    precision_at_k as "precision@10",
    recall_at_k as "recall@10",
    f1_at_k as "F1@10",
    ndcg_at_k as "NDCG@10",
    coverage_at_k as coverage
from ml.evaluation
where training_id = %(training_id)s and k = 10
order by ndcg_at_k desc, ranker asc;
