-- Purpose: how large each table is, with its indexes.
-- Grain: table. Key: subject. Inputs: pg_class. Parameters: none.
select
    'table ' || pg_namespace.nspname || '.' || pg_class.relname as subject,
    pg_total_relation_size(pg_class.oid) as bytes
from pg_class
inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
where
    pg_class.relkind = 'r'
    and pg_namespace.nspname in (
        'raw', 'staging', 'quarantine', 'core', 'past', 'ml', 'serving', 'ops'
    )
union all
select
    'database ' || pg_database.datname as subject,
    pg_database_size(pg_database.oid) as bytes
from pg_database
where pg_database.datallowconn and not pg_database.datistemplate and has_database_privilege(pg_database.oid, 'connect')
order by bytes desc, subject asc;
