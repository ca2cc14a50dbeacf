-- Purpose: the batch of a run, made the first time and found again afterwards.
-- Grain: one row. Key: batch_id. Inputs: ops.batch.
-- Parameters: run_id, dataset, sources, as_of, accept_volume_change, is_full, code_version.
insert into ops.batch (run_id, dataset, sources, as_of, accept_volume_change, is_full, code_version)
values (
    %(run_id)s, %(dataset)s, %(sources)s::text[], %(as_of)s, %(accept_volume_change)s, %(is_full)s, %(code_version)s
)
on conflict (run_id) do update
    set
        dataset = excluded.dataset,
        sources = excluded.sources,
        as_of = excluded.as_of,
        accept_volume_change = excluded.accept_volume_change,
        is_full = excluded.is_full,
        code_version = excluded.code_version,
        -- a night that starts over has to pass its gates again
        status = 'open',
        accepted_at = null,
        is_pruned = false,
        started_at = now()
returning batch_id;
