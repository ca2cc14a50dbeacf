-- Purpose: how far ids have been given out.
-- Grain: one row per sequence that has given out any. Key: schema_name, sequence_name. Inputs: pg_sequences.
-- Parameters: none.
select
    schemaname as schema_name,
    sequencename as sequence_name,
    last_value as last_id
from pg_sequences
where last_value is not null;
