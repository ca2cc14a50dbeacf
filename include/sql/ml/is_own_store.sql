-- Purpose: whether the mark in the artifact store was left there by this warehouse.
-- Grain: one row. Key: none. Inputs: ml.store_mark. Parameters: mark.
select exists(
    select 1 from ml.store_mark
    where store_mark.mark = %(mark)s
) as is_own;
