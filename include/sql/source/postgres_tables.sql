-- Purpose: the tables and views that a foreign PostgreSQL database shows without naming a schema.
-- Grain: table on the search path. Key: name. Inputs: the catalogue of the connection's database. Parameters: none.
select pg_class.relname::text as name
from pg_class
inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
where
    pg_class.relkind in ('r', 'p', 'v', 'm', 'f')
    and pg_namespace.nspname not in ('pg_catalog', 'information_schema')
    and pg_table_is_visible(pg_class.oid)
order by name;
