-- Purpose: tables with so many dead rows, or so many changes since they were analyzed, that a vacuum is due.
-- Grain: table. Key: schema_name, table_name. Inputs: pg_stat_user_tables. Parameters: none.
select
    schemaname as schema_name,
    relname as table_name,
    n_dead_tup as dead_rows,
    n_mod_since_analyze as changed_rows
from pg_stat_user_tables
where
    n_dead_tup > greatest(1000, 0.05 * n_live_tup)
    or n_mod_since_analyze > greatest(1000, 0.05 * n_live_tup)
order by schemaname, relname;
