-- Purpose: how many rows are chosen. Grain: table. Inputs: chosen. Parameters: none.
select
    table_name,
    count(*) as rows
from chosen
group by table_name
order by table_name;
