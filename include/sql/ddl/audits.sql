-- Views that the quality gates read: is every row accounted for, and is there as much of it as usual?
-- Those called _tonight hold the latest batch alone; ops.build_tonight() makes them for the staging tables too.
create or replace view ops.reconciliation as
with tables as (
    select distinct table_name from ops.row_rule
),

layers as (
    select
        batch.batch_id,
        tables.table_name,
        count(*) filter (where layer_row.layer = 'raw') as raw_rows,
        count(*) filter (where layer_row.layer = 'staging') as staging_rows,
        count(*) filter (where layer_row.layer = 'quarantine') as quarantine_rows
    from ops.batch
    cross join tables
    left join ops.layer_row on batch.batch_id = layer_row.batch_id and tables.table_name = layer_row.table_name
    group by batch.batch_id, tables.table_name
)

select
    batch_id,
    table_name,
    raw_rows,
    staging_rows,
    quarantine_rows,
    raw_rows - staging_rows - quarantine_rows as lost_rows,
    quarantine_rows::double precision / nullif(raw_rows, 0) as quarantine_share
from layers;
comment on view ops.reconciliation is
'raw = staging + quarantine, counted afresh. Grain: batch and table; lost_rows is 0 or the night stops.';

create or replace view ops.volume as
with turning_point as (
    -- a change that the operator accepted is the new measure: what came before it no longer counts
    select coalesce(max(batch_id), 0) as batch_id
    from ops.batch
    where accept_volume_change and status = 'accepted'
),

history as (
    select
        tonight.batch_id,
        tonight.table_name,
        earlier.raw_rows as earlier_rows,
        row_number() over (
            partition by tonight.batch_id, tonight.table_name
            order by earlier.batch_id desc
        ) as nights_ago
    from ops.layer_count as tonight
    inner join ops.layer_count as earlier
        on tonight.table_name = earlier.table_name and tonight.batch_id > earlier.batch_id
    cross join turning_point
    where earlier.is_accepted and earlier.batch_id >= turning_point.batch_id
),

usual as (
    select
        batch_id,
        table_name,
        percentile_disc(0.5) within group (order by earlier_rows) as usual_rows
    from history
    where nights_ago <= 7
    group by batch_id, table_name
)

select
    layer_count.batch_id,
    layer_count.table_name,
    layer_count.raw_rows,
    usual.usual_rows,
    case
        when not batch.accept_volume_change then layer_count.raw_rows::double precision / nullif(usual.usual_rows, 0)
    end as ratio
from ops.layer_count
inner join ops.batch on layer_count.batch_id = batch.batch_id
left join usual on layer_count.batch_id = usual.batch_id and layer_count.table_name = usual.table_name;
comment on view ops.volume is
'Rows of a night against the median of the last seven accepted nights; ratio: null on a first night or where accepted';

create or replace view ops.latest_batch as
select max(batch.batch_id) as batch_id
from ops.batch;

create or replace procedure ops.build_tonight()
language plpgsql as $$
declare
    whole record;
begin
    for whole in
        select distinct 'staging' as layer, row_rule.table_name as name from ops.row_rule
        union
        values ('staging', 'violation'), ('ops', 'reconciliation'), ('ops', 'volume')
    loop
        execute format('drop view if exists %I.%I', whole.layer, whole.name || '_tonight');
        execute format(
            'create view %1$I.%2$I as select * from %1$I.%3$I '
            'where batch_id = (select latest_batch.batch_id from ops.latest_batch)',
            whole.layer, whole.name || '_tonight', whole.name
        );
    end loop;
end;
$$;
