-- Purpose: the rankers of a training, best first, under the names that people use, with the bounds of the interval.
-- "at one moment" is NDCG@10 where everybody's ratings are split at the same time.
-- Grain: ranker. Parameters: training_id.
-- noqa: disable=RF05
with ndcg as (
    select
        ranker,
        protocol,
        value,
        to_char(low, 'FM0.0000') || '–' || to_char(high, 'FM0.0000') as bounds
    from ml.metric
    where training_id = %(training_id)s and k = 10 and metric = 'ndcg' and dimension = 'all'
)

select
    evaluation.ranker,
    evaluation.precision_at_k as "precision@10",
    evaluation.recall_at_k as "recall@10",
    evaluation.f1_at_k as "F1@10",
    evaluation.ndcg_at_k as "NDCG@10",
    own.bounds,
    evaluation.coverage_at_k as coverage,
    everybody.value as "at one moment",
    everybody.bounds as "its bounds"
from ml.evaluation
left join ndcg as own on evaluation.ranker = own.ranker and own.protocol = 'per_user_temporal'
left join ndcg as everybody on evaluation.ranker = everybody.ranker and everybody.protocol = 'global_temporal'
where evaluation.training_id = %(training_id)s and evaluation.k = 10
order by evaluation.ndcg_at_k desc, evaluation.ranker asc;
