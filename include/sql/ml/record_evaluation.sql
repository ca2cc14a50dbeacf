-- Purpose: keep the quality of one ranker; a second evaluation replaces the first.
-- Grain: one row. Key: training_id, ranker, k. Inputs: ml.evaluation. Parameters: one per column.
insert into ml.evaluation (
    training_id, ranker, k, users, precision_at_k, recall_at_k, f1_at_k, ndcg_at_k, coverage_at_k,
    fit_seconds, score_seconds
)
values (
    %(training_id)s, %(ranker)s, %(k)s, %(users)s, %(precision)s, %(recall)s, %(f1)s, %(ndcg)s, %(coverage)s,
    %(fit_seconds)s, %(score_seconds)s
)
on conflict (training_id, ranker, k) do update
    set
        users = excluded.users,
        precision_at_k = excluded.precision_at_k,
        recall_at_k = excluded.recall_at_k,
        f1_at_k = excluded.f1_at_k,
        ndcg_at_k = excluded.ndcg_at_k,
        coverage_at_k = excluded.coverage_at_k,
        fit_seconds = excluded.fit_seconds,
        score_seconds = excluded.score_seconds;
