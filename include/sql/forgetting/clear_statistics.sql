-- Purpose: drop the planner's statistics of a table, which hold values of its rows, until it is analyzed; those of a
-- table that has become empty would stay for ever.
-- Grain: column. Key: column_name. Inputs: the catalogue. Parameters: schema_name, table_name. From PostgreSQL 18 on.
select
    pg_attribute.attname as column_name,
    pg_clear_attribute_stats(%(schema_name)s, %(table_name)s, pg_attribute.attname::text, false) as cleared
from pg_attribute
inner join pg_class on pg_attribute.attrelid = pg_class.oid
where
    pg_class.relnamespace = to_regnamespace(%(schema_name)s)
    and pg_class.relname = %(table_name)s
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped;
