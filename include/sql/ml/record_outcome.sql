-- Purpose: note what became champion and who decided it.
-- Grain: one row. Key: training_id. Inputs: ml.decision. Parameters: training_id, ranker, decided_by.
update ml.decision
set ranker = %(ranker)s, decided_by = %(decided_by)s, decided_at = now()
where training_id = %(training_id)s;
