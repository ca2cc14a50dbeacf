-- Purpose: let a sequence go on behind an id, unless it is there already.
-- Grain: one row where the sequence was moved, else none. Key: none. Inputs: pg_sequences.
-- Parameters: schema_name, sequence_name, last_id.
select setval((quote_ident(schemaname) || '.' || quote_ident(sequencename))::regclass, %(last_id)s::bigint) as last_id
from pg_sequences
where
    schemaname = %(schema_name)s
    and sequencename = %(sequence_name)s
    and coalesce(last_value, 0) < %(last_id)s::bigint;
