-- Purpose: the rankers of a training, best first, with headers for people; brackets hold the interval of the mean.
-- The per-user split holds out the last ratings of every viewer; the global split, everybody's after one date.
-- Grain: ranker. Parameters: training_id, k (10, as the headers say), per_user_protocol, global_protocol.
-- noqa: disable=RF05
with ndcg as (
    select
        ranker,
        protocol,
        to_char(value, 'FM0.0000')
        || coalesce(' (' || to_char(low, 'FM0.0000') || '–' || to_char(high, 'FM0.0000') || ')', '') as with_interval
    from ml.metric
    where training_id = %(training_id)s and k = %(k)s and metric = 'ndcg' and dimension = 'all'
)

select
    evaluation.ranker,
    evaluation.precision_at_k as "precision@10",
    evaluation.recall_at_k as "recall@10",
    evaluation.f1_at_k as "F1@10",
    coalesce(per_user.with_interval, to_char(evaluation.ndcg_at_k, 'FM0.0000')) as "NDCG@10, per-user split",
    global.with_interval as "NDCG@10, global split",
    evaluation.coverage_at_k as "coverage@10",
    ceil(evaluation.fit_seconds)::integer as "fit seconds"
from ml.evaluation
left join ndcg as per_user on evaluation.ranker = per_user.ranker and per_user.protocol = %(per_user_protocol)s
left join ndcg as global on evaluation.ranker = global.ranker and global.protocol = %(global_protocol)s
where evaluation.training_id = %(training_id)s and evaluation.k = %(k)s
order by evaluation.ndcg_at_k desc, evaluation.ranker asc;
