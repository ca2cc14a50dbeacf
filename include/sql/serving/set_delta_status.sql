-- Purpose: keep what has become of a delta, and where it has been written, of which transactions it knows.
-- Grain: one row. Key: delta_id. Inputs: serving.delta. Parameters: delta_id, status, seen (a snapshot, or null).
update serving.delta
set status = %(status)s, seen = coalesce(%(seen)s::pg_snapshot, seen)
where delta_id = %(delta_id)s and status <> 'published';
