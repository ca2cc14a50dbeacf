-- Purpose: the training of a run, made the first time and found again afterwards.
-- Grain: one row. Key: training_id. Inputs: ml.training. Parameters: run_id, batch_id, seed.
insert into ml.training (run_id, batch_id, seed)
values (%(run_id)s, %(batch_id)s, %(seed)s)
on conflict (run_id) do update
    set batch_id = excluded.batch_id, seed = excluded.seed
returning training_id;
