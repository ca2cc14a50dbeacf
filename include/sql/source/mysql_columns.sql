-- Purpose: the columns of a table of a foreign MySQL or MariaDB database, and the types that they are declared with.
-- Grain: column, in the order of the table. Key: name. Inputs: the catalogue. Parameters: table_name.
select
    column_name as name,
    data_type as declared_type
from information_schema.columns
where
    table_schema = database()
    and table_name = %(table_name)s
order by ordinal_position;
