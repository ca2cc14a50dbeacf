-- Purpose: the least that a database can be asked, beside which the web application is measured. Grain: one row.
-- Key: none. Inputs: none. Parameters: none.
select 1 as one
