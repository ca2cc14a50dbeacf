-- Purpose: let the indexes that find slices know the blocks that were written since they were last told; those of which
-- they know nothing are read whenever any slice is sought.
-- Grain: index. Key: none. Inputs: the block-range indexes of raw and staging. Parameters: none.
select
    pg_class.relname as index_name,
    brin_summarize_new_values(pg_class.oid) as ranges
from pg_class
inner join pg_am on pg_class.relam = pg_am.oid
where
    pg_am.amname = 'brin'
    and pg_class.relkind = 'i'
    and pg_class.relnamespace in ('raw'::regnamespace, 'staging'::regnamespace)
order by pg_class.relname;
