-- Purpose: how a source fared in a batch; the last attempt counts.
-- Grain: one row. Key: batch_id, source. Inputs: ops.batch_source. Parameters: batch_id, source, status, message.
insert into ops.batch_source (batch_id, source, status, message)
values (%(batch_id)s, %(source)s, %(status)s, %(message)s)
on conflict (batch_id, source) do update
    set status = excluded.status, message = excluded.message, noted_at = clock_timestamp();
