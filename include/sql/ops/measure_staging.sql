-- Purpose: measure what staging and quarantine hold of a batch, counted afresh where it was loaded for this batch.
-- Of fewer than 20 rows one rejected row is a large share, and of a table that a night can do without any share must
-- not stop it: that is a metric of its own, which only warns.
-- Grain and key: batch_id, layer, subject, metric. Inputs: ops.gate_slice, the three layers. Parameters: batch_id.
delete from ops.metric
where batch_id = %(batch_id)s and layer = 'staging';

with fresh_count as materialized (
    select
        fresh_slice.slice_id,
        layer_rows.*
    from ops.fresh_slice
    cross join lateral ops.layer_rows(fresh_slice.slice_id) as layer_rows
),

table_total as (
    select
        gate_slice.table_name,
        coalesce(sum(fresh_count.raw_rows), 0) as fresh_rows,
        coalesce(sum(fresh_count.quarantine_rows), 0) as fresh_rejected_rows,
        sum(gate_slice.raw_rows) as loaded_rows,
        sum(coalesce(fresh_count.raw_rows, gate_slice.raw_rows)) as raw_rows,
        sum(coalesce(fresh_count.staging_rows, gate_slice.staging_rows, 0)) as staging_rows,
        sum(coalesce(fresh_count.quarantine_rows, gate_slice.quarantine_rows, 0)) as quarantine_rows
    from ops.gate_slice
    left join fresh_count on gate_slice.slice_id = fresh_count.slice_id
    group by gate_slice.table_name
)

insert into ops.metric (batch_id, layer, subject, metric, value)
select
    %(batch_id)s::bigint as batch_id,
    'staging' as layer,
    table_total.table_name as subject,
    measured.metric,
    measured.value
from table_total
cross join
    lateral (
        values
        ('fresh_rows', table_total.fresh_rows),
        ('fresh_rejected_rows', table_total.fresh_rejected_rows),
        ('loaded_rows', table_total.loaded_rows),
        ('raw_rows', table_total.raw_rows),
        ('staging_rows', table_total.staging_rows),
        ('quarantine_rows', table_total.quarantine_rows),
        (
            'rejected_share',
            case
                when table_total.fresh_rows >= 20 and ops.is_required_table(table_total.table_name)
                    then table_total.fresh_rejected_rows / table_total.fresh_rows
            end
        ),
        (
            'rejected_share_of_few',
            case
                when
                    table_total.fresh_rows between 1 and 19
                    or table_total.fresh_rows > 0 and not ops.is_required_table(table_total.table_name)
                    then table_total.fresh_rejected_rows / table_total.fresh_rows
            end
        )
    ) as measured (metric, value)
where measured.value is not null;

with rating_total as (
    select
        coalesce(sum(ratings), 0) as ratings,
        sum(stars) as stars,
        coalesce(sum(out_of_range), 0) as out_of_range,
        coalesce(sum(without_key), 0) as without_key,
        coalesce(sum(out_of_time), 0) as out_of_time
    from ops.fresh_rating_figures()
)

insert into ops.metric (batch_id, layer, subject, metric, value)
select
    %(batch_id)s::bigint as batch_id,
    'staging' as layer,
    'ratings' as subject,
    measured.metric,
    measured.value
from rating_total
cross join
    lateral (
        values
        ('out_of_range', rating_total.out_of_range::double precision),
        ('without_key', rating_total.without_key),
        ('out_of_time', rating_total.out_of_time),
        -- the mean of few ratings says nothing
        ('mean_rating', case when rating_total.ratings >= 200 then rating_total.stars / rating_total.ratings end)
    ) as measured (metric, value)
where measured.value is not null;

insert into ops.metric (batch_id, layer, subject, metric, value)
select
    %(batch_id)s::bigint as batch_id,
    'staging' as layer,
    gate_slice.source || ' ' || gate_slice.table_name as subject,
    'newest_fact_days' as metric,
    greatest(extract(epoch from max(batch.as_of) - max(gate_slice.last_at)) / 86400, 0) as value
from ops.gate_slice
inner join ops.batch on batch.batch_id = %(batch_id)s
where gate_slice.last_at is not null
group by gate_slice.source, gate_slice.table_name;
