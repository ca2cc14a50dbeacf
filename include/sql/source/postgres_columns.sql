-- Purpose: the columns of a table of a foreign PostgreSQL database, and the types that they are declared with.
-- Grain: column, in the order of the table. Key: name. Inputs: the catalogue. Parameters: table_name.
select
    pg_attribute.attname::text as name,
    format_type(pg_attribute.atttypid, null) as declared_type
from pg_attribute
where
    pg_attribute.attrelid = to_regclass(%(table_name)s)
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped
order by pg_attribute.attnum;
