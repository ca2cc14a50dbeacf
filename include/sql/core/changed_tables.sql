-- Purpose: tables of staging of which the schema is to have other slices than now.
-- Grain: table. Key: table_name. Inputs: manifest. Parameters: none.
select distinct table_name
from manifest
where was_held <> is_held;
