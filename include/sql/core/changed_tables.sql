-- Purpose: tables of staging of which the layer is to see other slices than now.
-- Grain: table. Inputs: manifest. Parameters: none.
select distinct table_name
from manifest
where was_held <> is_held;
