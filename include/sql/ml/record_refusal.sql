-- Purpose: note that a ranker takes no part in a training, and why.
-- Grain and key: training_id, ranker. Parameters: training_id, ranker, reason.
insert into ml.refused (training_id, ranker, reason)
values (%(training_id)s, %(ranker)s, %(reason)s)
on conflict (training_id, ranker) do update
    set reason = excluded.reason;
