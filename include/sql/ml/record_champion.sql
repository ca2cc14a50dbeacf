-- Purpose: keep the winner of a training and the reason; a second decision replaces the first.
-- Grain: one row. Key: training_id. Inputs: ml.champion. Parameters: training_id, ranker, reason.
insert into ml.champion (training_id, ranker, reason)
values (%(training_id)s, %(ranker)s, %(reason)s)
on conflict (training_id) do update
    set ranker = excluded.ranker, reason = excluded.reason, decided_at = now();
