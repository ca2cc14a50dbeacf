-- What the quality gates read. All of it is about one batch, the one that the setting movierec.batch names: a gate sets
-- it for its connections.
create or replace function ops.gate_batch() returns bigint
language sql stable
return nullif(current_setting('movierec.batch', true), '')::bigint;

drop view if exists ops.gate_slice cascade;
create view ops.gate_slice as
select
    slice.slice_id,
    slice.batch_id,
    slice.source,
    slice.table_name,
    slice.piece,
    slice.mode,
    slice.fingerprint,
    slice.new_columns,
    slice.skipped_rows,
    slice.raw_rows,
    slice.staging_rows,
    slice.quarantine_rows,
    slice.last_at,
    slice.staged_at
from ops.batch_slice
inner join ops.slice on batch_slice.slice_id = slice.slice_id
where batch_slice.batch_id = ops.gate_batch();
comment on view ops.gate_slice is 'What the batch at the gate consists of. Grain: slice.';

create or replace view ops.fresh_slice as
select
    slice_id,
    batch_id,
    source,
    table_name,
    piece,
    mode,
    fingerprint,
    new_columns,
    skipped_rows,
    raw_rows,
    staging_rows,
    quarantine_rows,
    last_at,
    staged_at
from ops.gate_slice
where batch_id = ops.gate_batch();
comment on view ops.fresh_slice is
'What was loaded for the batch at the gate; the rest had been loaded and split before. Grain: slice.';

create or replace view ops.earlier_batch as
select
    batch.batch_id,
    batch.as_of,
    batch.accept_volume_change
from ops.batch
inner join ops.batch as gate_batch
    on (batch.as_of, batch.batch_id) < (gate_batch.as_of, gate_batch.batch_id)
where gate_batch.batch_id = ops.gate_batch() and batch.status = 'accepted';
comment on view ops.earlier_batch is 'Accepted batches before the one at the gate. Grain: batch.';

create or replace view ops.usual_batch as
select earlier_batch.batch_id
from ops.earlier_batch
where
    not exists (
        select 1
        from ops.earlier_batch as change
        where
            change.accept_volume_change
            and (change.as_of, change.batch_id) > (earlier_batch.as_of, earlier_batch.batch_id)
    )
order by earlier_batch.as_of desc, earlier_batch.batch_id desc
limit 14;
comment on view ops.usual_batch is
'The batches that the one at the gate is compared with: the last 14 accepted ones, going back no further than the last
whose change an operator accepted. Grain: batch.';

create or replace view ops.usual_metric as
with usual_value as (
    select
        metric.layer,
        metric.subject,
        metric.metric,
        metric.value
    from ops.metric
    inner join ops.usual_batch on metric.batch_id = usual_batch.batch_id
    where metric.value is not null
),

usual_median as (
    select
        layer,
        subject,
        metric,
        percentile_cont(0.5) within group (order by value) as usual
    from usual_value
    group by layer, subject, metric
)

select
    usual_median.layer,
    usual_median.subject,
    usual_median.metric,
    usual_median.usual,
    count(*) as nights,
    1.4826 * percentile_cont(0.5) within group (order by abs(usual_value.value - usual_median.usual)) as deviation
from usual_median
inner join usual_value
    on
        usual_median.layer = usual_value.layer
        and usual_median.subject = usual_value.subject
        and usual_median.metric = usual_value.metric
group by usual_median.layer, usual_median.subject, usual_median.metric, usual_median.usual;
comment on view ops.usual_metric is
'Median and scaled median absolute deviation over the usual batches. Grain: layer, subject and metric.';

create or replace view ops.metric_bound as
with ruled_metric as (
    select
        metric_rule.*,
        metric.subject,
        metric.value,
        usual_metric.usual,
        coalesce(usual_metric.nights, 0) as nights,
        usual_metric.deviation,
        metric_rule.is_waivable and batch.accept_volume_change as is_waived,
        coalesce(
            usual_metric.nights >= metric_rule.min_nights
            and usual_metric.usual >= coalesce(metric_rule.min_usual, '-infinity'),
            false
        ) as has_history,
        case when metric_rule.is_relative then abs(usual_metric.usual) else 1 end as unit
    from ops.metric_rule
    inner join ops.metric on metric_rule.layer = metric.layer and metric_rule.metric = metric.metric
    inner join ops.batch on metric.batch_id = batch.batch_id
    left join ops.usual_metric
        on
            metric.layer = usual_metric.layer
            and metric.subject = usual_metric.subject
            and metric.metric = usual_metric.metric
    where metric.batch_id = ops.gate_batch()
),

bounded_metric as (
    select
        ruled_metric.*,
        case
            when ruled_metric.is_waived then null
            when ruled_metric.has_history and ruled_metric.lower_floor is not null
                then
                    ruled_metric.usual
                    - least(
                        greatest(
                            ruled_metric.spread * ruled_metric.deviation,
                            ruled_metric.lower_floor * ruled_metric.unit
                        ),
                        ruled_metric.most * abs(ruled_metric.usual)
                    )
            else ruled_metric.lowest
        end as lower,
        case
            when ruled_metric.is_waived then null
            when ruled_metric.has_history and ruled_metric.upper_floor is not null
                then
                    ruled_metric.usual
                    + least(
                        greatest(
                            ruled_metric.spread * ruled_metric.deviation,
                            ruled_metric.upper_floor * ruled_metric.unit
                        ),
                        ruled_metric.most * abs(ruled_metric.usual)
                    )
            else ruled_metric.highest
        end as upper
    from ruled_metric
)

select
    layer,
    subject,
    metric,
    severity,
    value,
    usual,
    nights,
    lower,
    upper,
    coalesce(value >= coalesce(lower, '-infinity') and value <= coalesce(upper, 'infinity'), true) as is_within
from bounded_metric;
comment on view ops.metric_bound is
'The numbers of the batch at the gate and what is allowed. Grain: layer, subject, metric and severity.
A bound that is null allows all.';

create or replace view ops.gate_source as
select
    batch_source.source,
    batch_source.status,
    coalesce(
        batch_source.message,
        case when batch_source.status = 'carried' then 'was not asked' end
    ) as message,
    exists(
        select 1 from ops.gate_slice
        where gate_slice.source = batch_source.source
    ) as is_represented,
    (
        select count(*)
        from ops.earlier_batch
        where
            batch_source.status <> 'delivered'
            and (earlier_batch.as_of, earlier_batch.batch_id) > coalesce(
                (
                    select (delivered.as_of, delivered.batch_id)
                    from ops.earlier_batch as delivered
                    inner join ops.batch_source as earlier on delivered.batch_id = earlier.batch_id
                    where earlier.source = batch_source.source and earlier.status = 'delivered'
                    order by delivered.as_of desc, delivered.batch_id desc
                    limit 1
                ),
                ('-infinity'::timestamptz, 0::bigint)
            )
    ) + (batch_source.status <> 'delivered')::integer as nights_without
from ops.batch_source
where batch_source.batch_id = ops.gate_batch();
comment on view ops.gate_source is
'How the sources fared. Grain: source. nights_without counts the nights, this one included, since it last delivered.';

create or replace view ops.gate_new_column as
select
    source,
    piece,
    table_name,
    array_to_string(new_columns, ', ') as new_columns
from ops.fresh_slice
where new_columns <> '{}';
comment on view ops.gate_new_column is 'Columns that came with the batch and that no contract knows. Grain: slice.';

-- Row counts of a batch, counted afresh for what was loaded for it; the rest had been counted before.
create or replace view ops.gate_reconciliation as
select
    subject as table_name,
    max(value) filter (where metric = 'fresh_rows')::bigint as fresh_rows,
    max(value) filter (where metric = 'fresh_rejected_rows')::bigint as fresh_rejected_rows,
    max(value) filter (where metric = 'loaded_rows')::bigint as loaded_rows,
    max(value) filter (where metric = 'raw_rows')::bigint as raw_rows,
    max(value) filter (where metric = 'staging_rows')::bigint as staging_rows,
    max(value) filter (where metric = 'quarantine_rows')::bigint as quarantine_rows
from ops.metric
where batch_id = ops.gate_batch() and layer = 'staging'
group by subject
having count(*) filter (where metric = 'raw_rows') > 0;
comment on view ops.gate_reconciliation is
'Rows per layer, as ops/measure_staging counted them. Grain: table. loaded_rows: what extraction says it loaded.';

-- Applies the rules once more to the rows that were let through for this batch; of a table with more than half a
-- million of them, to every n-th position, so that about half a million are looked at.
drop view if exists staging.gate_violation;
drop function if exists ops.violations();
create function ops.violations()
returns table (table_name text, slice_id integer, row_position integer, broken_rules text)
language plpgsql stable as $$
declare
    loaded record;
begin
    for loaded in
        select
            fresh_slice.table_name as name,
            array_agg(fresh_slice.slice_id) as slices,
            1 + sum(fresh_slice.raw_rows)::bigint / 500000 as step
        from ops.fresh_slice
        where to_regclass('staging.' || quote_ident(fresh_slice.table_name || '_checked')) is not null
        group by fresh_slice.table_name
    loop
        return query execute format(
            'with broken as materialized ('
            'select checked.slice_id, checked.position, checked.broken_rules from staging.%1$I as checked '
            'where checked.slice_id = any($1) and checked.position %% $2 = 0 and not checked.is_good) '
            'select %2$L::text, broken.slice_id, broken.position, array_to_string(broken.broken_rules, '', '') '
            'from broken inner join staging.%3$I as kept '
            'on broken.slice_id = kept.slice_id and broken.position = kept.position '
            'where kept.slice_id = any($1) order by broken.slice_id, broken.position limit 20',
            loaded.name || '_checked', loaded.name, loaded.name
        ) using loaded.slices, loaded.step;
    end loop;
end;
$$;

create view staging.gate_violation as
select
    table_name,
    slice_id,
    row_position as position,
    broken_rules
from ops.violations();
comment on view staging.gate_violation is
'Rows that were let through for this batch although they break a rejecting rule; at most 20 a table. Grain: row.';

-- Figures of the ratings that were loaded for the batch, slice by slice: with the slice as a constant the planner knows
-- whether it is all of the table or a few blocks of it.
create or replace function ops.fresh_rating_figures()
returns table (ratings bigint, stars double precision, out_of_range bigint, without_key bigint, out_of_time bigint)
language plpgsql stable as $$
declare
    loaded integer;
begin
    for loaded in select fresh_slice.slice_id from ops.fresh_slice where fresh_slice.table_name = 'ratings' loop
        return query execute format(
            'select count(*) filter (where not is_deleted), '
            'sum(rating::double precision) filter (where not is_deleted), '
            'count(*) filter (where not is_deleted and ops.is_on_scale(rating) is not true), '
            'count(*) filter (where (user_id >= 0 and movie_id >= 0) is not true), '
            'count(*) filter (where ops.is_possible_time(rated_at) is not true) '
            'from staging.ratings where slice_id = %s',
            loaded
        );
    end loop;
end;
$$;

create or replace function ops.fresh_slices(subject text) returns integer[]
language sql stable
return coalesce(
    (
        select array_agg(fresh_slice.slice_id) from ops.fresh_slice
        where fresh_slice.table_name = $1
    ), '{}'
);
comment on function ops.fresh_slices is
'The slices of a table that were loaded for the batch at the gate.';

drop view if exists staging.gate_movies, staging.gate_user_profile, staging.gate_feedback_event;
create view staging.gate_movies as
select
    slice_id,
    position,
    movie_id,
    title,
    release_year,
    release_date,
    genres,
    is_deleted
from staging.movies
where slice_id = any(array(select unnest(ops.fresh_slices('movies')))) and not is_deleted;

create view staging.gate_user_profile as
select
    slice_id,
    position,
    user_id,
    age,
    gender,
    occupation,
    postcode,
    is_deleted
from staging.user_profile
where slice_id = any(array(select unnest(ops.fresh_slices('user_profile')))) and not is_deleted;

create view staging.gate_feedback_event as
select
    slice_id,
    position,
    event_id,
    user_id,
    movie_id,
    kind,
    value,
    is_deleted,
    occurred_at
from staging.feedback_event
where slice_id = any(array(select unnest(ops.fresh_slices('feedback_event')))) and not is_deleted;

-- The keys that make every fact one row; the server sees to it as long as they exist.
create or replace view ops.layer_key as
with expected_key (table_name, key) as (
    values
    ('users', 'user_id'),
    ('movies', 'movie_id'),
    ('movie_alias', 'alias_id'),
    ('movie_claim', 'movie_id, attribute, source'),
    ('movie_genre', 'movie_id, genre'),
    ('person', 'person_id'),
    ('movie_person', 'movie_id, role, person_id'),
    ('movie_country', 'movie_id, country_id'),
    ('genome', 'movie_id, tag'),
    ('ratings', 'user_id, movie_id'),
    ('tags', 'user_id, movie_id, tag'),
    ('events', 'source, event_id')
),

existing_key as (
    select
        pg_class.relname as table_name,
        pg_index.indisvalid and pg_index.indisready as is_valid,
        (
            select string_agg(pg_attribute.attname, ', ' order by part.position)
            from unnest(pg_index.indkey::smallint[]) with ordinality as part (number, position)
            inner join pg_attribute
                on pg_attribute.attrelid = pg_class.oid and part.number = pg_attribute.attnum
        ) as key
    from pg_index
    inner join pg_class on pg_index.indrelid = pg_class.oid
    where pg_index.indisprimary and pg_class.relnamespace = current_schema()::regnamespace
)

select
    expected_key.table_name,
    expected_key.key as agreed_key,
    coalesce(existing_key.key, 'none') as found_key,
    coalesce(existing_key.key = expected_key.key and existing_key.is_valid, false) as is_kept
from expected_key
left join existing_key on expected_key.table_name = existing_key.table_name;
comment on view ops.layer_key is 'Primary keys in the schema that the search path names. Grain: table.';

create or replace view ops.forgotten_row as
select
    forgotten_rows.table_name,
    forgotten_rows.rows
from ops.forgotten_rows(ops.gate_batch()) as forgotten_rows;
comment on view ops.forgotten_row is
'What is left of viewers who have been forgotten. Grain: table; no row where all is well.';

create or replace view ops.raw_column as
select
    table_name::text as table_name,
    column_name::text as column_name,
    data_type::text as data_type
from information_schema.columns
where table_schema = 'raw';
comment on view ops.raw_column is 'Columns of the tables in raw. Grain: table and column.';
