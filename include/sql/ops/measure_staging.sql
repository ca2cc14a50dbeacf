-- Purpose: measure what staging and quarantine hold of tonight, counted afresh where it was loaded tonight.
-- Of fewer than 20 rows one rejected row is a large share: that is a metric of its own, which only warns.
-- Grain and key: batch_id, layer, subject, metric. Inputs: ops.tonight_slice, the three layers. Parameters: batch_id.
delete from ops.metric
where batch_id = %(batch_id)s and layer = 'staging';

with counted as materialized (
    select
        fresh_slice.slice_id,
        layer_rows.*
    from ops.fresh_slice
    cross join lateral ops.layer_rows(fresh_slice.slice_id) as layer_rows
),

per_table as (
    select
        tonight_slice.table_name,
        coalesce(sum(counted.raw_rows), 0) as fresh_rows,
        coalesce(sum(counted.quarantine_rows), 0) as fresh_rejected_rows,
        sum(tonight_slice.raw_rows) as loaded_rows,
        sum(coalesce(counted.raw_rows, tonight_slice.raw_rows)) as raw_rows,
        sum(coalesce(counted.staging_rows, tonight_slice.staging_rows, 0)) as staging_rows,
        sum(coalesce(counted.quarantine_rows, tonight_slice.quarantine_rows, 0)) as quarantine_rows
    from ops.tonight_slice
    left join counted on tonight_slice.slice_id = counted.slice_id
    group by tonight_slice.table_name
)

insert into ops.metric (batch_id, layer, subject, metric, value)
select
    %(batch_id)s::bigint as batch_id,
    'staging' as layer,
    per_table.table_name as subject,
    measured.metric,
    measured.value
from per_table
cross join lateral (
    values
    ('fresh_rows', fresh_rows),
    ('fresh_rejected_rows', fresh_rejected_rows),
    ('loaded_rows', loaded_rows),
    ('raw_rows', raw_rows),
    ('staging_rows', staging_rows),
    ('quarantine_rows', quarantine_rows),
    ('rejected_share', case when fresh_rows >= 20 then fresh_rejected_rows / fresh_rows end),
    ('rejected_share_of_few', case when fresh_rows between 1 and 19 then fresh_rejected_rows / fresh_rows end)
) as measured (metric, value)
where measured.value is not null;

-- The mean of few ratings says nothing.
insert into ops.metric (batch_id, layer, subject, metric, value)
select
    %(batch_id)s::bigint as batch_id,
    'staging' as layer,
    'ratings' as subject,
    'mean_rating' as metric,
    avg(rating::double precision) as value
from staging.ratings_tonight
where not is_deleted
having count(*) >= 200;

insert into ops.metric (batch_id, layer, subject, metric, value)
select
    %(batch_id)s::bigint as batch_id,
    'staging' as layer,
    tonight_slice.source || ' ' || tonight_slice.table_name as subject,
    'newest_fact_days' as metric,
    greatest(extract(epoch from max(batch.as_of) - max(tonight_slice.last_at)) / 86400, 0) as value
from ops.tonight_slice
inner join ops.batch on batch.batch_id = %(batch_id)s
where tonight_slice.last_at is not null
group by tonight_slice.source, tonight_slice.table_name;
