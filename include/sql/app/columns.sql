-- Purpose: the columns of a table on the search path.
-- Grain: column, none where the table does not exist. Parameters: table_name.
select pg_attribute.attname::text as name
from pg_attribute
where
    pg_attribute.attrelid = to_regclass(%(table_name)s)
    and pg_attribute.attnum > 0
    and not pg_attribute.attisdropped
order by pg_attribute.attnum;
