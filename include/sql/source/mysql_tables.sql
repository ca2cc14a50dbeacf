-- Purpose: the tables and views of a foreign MySQL or MariaDB database.
-- Grain: table. Key: name. Inputs: the catalogue of the connection's database. Parameters: none.
select table_name as name
from information_schema.tables
where table_schema = database()
order by table_name;
