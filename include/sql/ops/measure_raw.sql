-- Purpose: measure what a batch brought: rows per table and per source.
-- Grain and key: batch_id, layer, subject, metric. Inputs: ops.gate_slice, ops.gate_source. Parameters:
-- batch_id.
-- A table that ever came is measured in every batch, and so is a source that settings name: with 0 rows where nothing
-- came.
delete from ops.metric
where batch_id = %(batch_id)s and layer = 'raw';

insert into ops.metric (batch_id, layer, subject, metric, value)
select
    %(batch_id)s::bigint as batch_id,
    'raw' as layer,
    known_name.table_name as subject,
    'rows' as metric,
    coalesce(sum(gate_slice.raw_rows), 0) as value
from (
    select table_name from ops.slice
    union
    values ('movies'), ('ratings')
) as known_name
left join ops.gate_slice on known_name.table_name = gate_slice.table_name
group by known_name.table_name
union all
select
    %(batch_id)s::bigint as batch_id,
    'raw' as layer,
    known_name.source as subject,
    'source_rows' as metric,
    coalesce(sum(gate_slice.raw_rows), 0) as value
from ops.gate_source as known_name
left join ops.gate_slice on known_name.source = gate_slice.source
group by known_name.source
union all
select
    %(batch_id)s::bigint as batch_id,
    'raw' as layer,
    source as subject,
    'nights_without' as metric,
    nights_without as value
from ops.gate_source
union all
select
    %(batch_id)s::bigint as batch_id,
    'raw' as layer,
    source as subject,
    'new_columns' as metric,
    sum(cardinality(new_columns)) as value
from ops.fresh_slice
group by source;
