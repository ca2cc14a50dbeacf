-- Purpose: the rankers of a training, best first, with headers for people; brackets hold the interval of the mean. The
-- per-user split holds out the last ratings of every viewer; the global split, everybody's after one date.
-- Grain and key: ranker. Inputs: ml.leaderboard. Parameters: training_id, k (10, as the headers say).
-- noqa: disable=RF05
select
    ranker,
    precision_at_k as "precision@10",
    recall_at_k as "recall@10",
    f1_at_k as "F1@10",
    to_char(ndcg_at_k, 'FM0.0000')
    || coalesce(' (' || to_char(ndcg_low, 'FM0.0000') || '–' || to_char(ndcg_high, 'FM0.0000') || ')', '')
        as "NDCG@10, per-user split",
    to_char(global_ndcg_at_k, 'FM0.0000')
    || coalesce(' (' || to_char(global_ndcg_low, 'FM0.0000') || '–' || to_char(global_ndcg_high, 'FM0.0000') || ')', '')
        as "NDCG@10, global split",
    coverage_at_k as "coverage@10",
    ceil(fit_seconds)::integer as "fit seconds",
    tuned
from ml.leaderboard
where training_id = %(training_id)s and k = %(k)s
order by ndcg_at_k desc nulls last, ranker asc;
