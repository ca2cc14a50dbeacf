-- Purpose: keep what a search settled on; a second search of the same training replaces it.
-- Grain: one row. Key: dataset, ranker, training_id. Inputs: ml.tuned. Parameters: one per column.
insert into ml.tuned (dataset, ranker, training_id, parameters, value, trials)
values (%(dataset)s, %(ranker)s, %(training_id)s, %(parameters)s, %(value)s, %(trials)s)
on conflict (dataset, ranker, training_id) do update
    set
        parameters = excluded.parameters,
        value = excluded.value,
        trials = excluded.trials,
        tuned_at = now();
