-- Purpose: note that a ranker takes no part in a training, and why.
-- Grain: one row. Key: training_id, ranker. Inputs: ml.refused. Parameters: training_id, ranker, reason.
insert into ml.refused (training_id, ranker, reason)
values (%(training_id)s, %(ranker)s, %(reason)s)
on conflict (training_id, ranker) do update
    set reason = excluded.reason;
