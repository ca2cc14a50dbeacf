-- Purpose: how many rows are selected.
-- Grain: table. Key: table_name. Inputs: selected_row. Parameters: none.
select
    table_name,
    count(*) as rows
from selected_row
group by table_name
order by table_name;
