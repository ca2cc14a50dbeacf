-- Purpose: the batch of a run, made the first time and found again afterwards.
-- Grain: one row. Parameters: run_id, dataset, accept_volume_change.
insert into ops.batch (run_id, dataset, accept_volume_change)
values (%(run_id)s, %(dataset)s, %(accept_volume_change)s)
on conflict (run_id) do update
    set dataset = excluded.dataset, accept_volume_change = excluded.accept_volume_change
returning batch_id;
