-- Purpose: the training of a run, made the first time and found again afterwards.
-- Grain: one row. Key: training_id. Inputs: ml.training. Parameters: run_id, batch_id, seed, code_version.
insert into ml.training (run_id, batch_id, seed, code_version)
values (%(run_id)s, %(batch_id)s, %(seed)s, %(code_version)s)
on conflict (run_id) do update
    set batch_id = excluded.batch_id, seed = excluded.seed, code_version = excluded.code_version
returning training_id;
