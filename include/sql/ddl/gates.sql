-- What the quality gates read. All of it shows one night, the one that the setting movierec.batch names: a gate sets it
-- for its connections.
create or replace function ops.tonight() returns bigint
language sql stable
return nullif(current_setting('movierec.batch', true), '')::bigint;

drop view if exists ops.tonight_slice cascade;
create view ops.tonight_slice as
select
    slice.slice_id,
    slice.batch_id,
    slice.source,
    slice.table_name,
    slice.piece,
    slice.mode,
    slice.fingerprint,
    slice.new_columns,
    slice.left_out,
    slice.raw_rows,
    slice.staging_rows,
    slice.quarantine_rows,
    slice.last_at,
    slice.staged_at
from ops.batch_slice
inner join ops.slice on batch_slice.slice_id = slice.slice_id
where batch_slice.batch_id = ops.tonight();
comment on view ops.tonight_slice is 'What the night consists of. Grain: slice.';

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
    left_out,
    raw_rows,
    staging_rows,
    quarantine_rows,
    last_at,
    staged_at
from ops.tonight_slice
where batch_id = ops.tonight();
comment on view ops.fresh_slice is 'What was loaded for the night; the rest had been loaded and split before.';

create or replace view ops.earlier_night as
select
    batch.batch_id,
    batch.as_of,
    batch.accept_volume_change
from ops.batch
inner join ops.batch as tonight on (batch.as_of, batch.batch_id) < (tonight.as_of, tonight.batch_id)
where tonight.batch_id = ops.tonight() and batch.status = 'accepted';
comment on view ops.earlier_night is 'Accepted nights before this one. Grain: night.';

create or replace view ops.usual_night as
select earlier_night.batch_id
from ops.earlier_night
where
    not exists (
        select 1
        from ops.earlier_night as change
        where
            change.accept_volume_change
            and (change.as_of, change.batch_id) > (earlier_night.as_of, earlier_night.batch_id)
    )
order by earlier_night.as_of desc, earlier_night.batch_id desc
limit 14;
comment on view ops.usual_night is
'The nights that this one is measured against: the last 14, not beyond the last whose change an operator accepted.';

-- How far a number may lie from its median over the usual nights. The allowance is the larger of spread times the
-- scaled median absolute deviation and a floor, which is a share of the median where is_relative, and never more than
-- the share most of the median: nights that vary do not make everything usual. Without enough nights (min_nights), or
-- with a median under min_usual, lowest and highest stand alone. A null floor: no bound on that side.
-- A change that the operator accepts waives what is_waivable.
create or replace view ops.metric_rule as
select
    layer,
    metric,
    severity,
    lower_floor::double precision as lower_floor,
    upper_floor::double precision as upper_floor,
    is_relative,
    spread::double precision as spread,
    most::double precision as most,
    min_usual::double precision as min_usual,
    min_nights,
    lowest::double precision as lowest,
    highest::double precision as highest,
    is_waivable
from (
    values
    ('raw', 'rows', 'critical', 0.25, null, true, 5, 0.6, 50, 1, null, null, true),
    ('raw', 'rows', 'warning', null, 0.5, true, 5, 2, 50, 1, null, null, true),
    ('raw', 'source_rows', 'warning', 0.25, 0.5, true, 5, 2, 50, 1, null, null, true),
    ('staging', 'rejected_share', 'critical', null, null, false, 0, null, null, 1, null, 0.05, true),
    ('staging', 'rejected_share', 'warning', null, null, false, 0, null, null, 1, null, 0.005, true),
    ('staging', 'rejected_share_of_few', 'warning', null, null, false, 0, null, null, 1, null, 0.005, true),
    ('staging', 'mean_rating', 'critical', 1, 1, false, 5, 0.5, null, 1, null, null, true),
    ('staging', 'mean_rating', 'warning', 0.5, 0.5, false, 5, 0.5, null, 1, 2, 4.8, true),
    ('staging', 'newest_fact_days', 'warning', null, 3, false, 5, null, null, 3, null, null, true),
    ('staging', 'out_of_range', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('staging', 'without_key', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('staging', 'out_of_time', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('core', 'rows', 'critical', 0.25, null, true, 5, 0.6, 50, 1, null, null, true),
    ('core', 'rows', 'warning', null, 0.5, true, 5, 2, 50, 1, null, null, true),
    ('core', 'mean_rating', 'critical', 0.75, 0.75, false, 5, 0.5, null, 1, null, null, true),
    ('core', 'mean_rating', 'warning', 0.25, 0.25, false, 5, 0.5, null, 1, 2, 4.8, true),
    ('core', 'stddev_rating', 'warning', 0.25, 0.25, false, 5, 0.9, null, 1, 0.1, null, true),
    ('core', 'share_of_stars', 'warning', 0.1, 0.1, false, 5, null, null, 1, null, null, true),
    ('core', 'share_with_genre', 'critical', 0.5, null, false, 0, null, null, 1, null, null, true),
    ('core', 'share_with_genre', 'warning', 0.1, null, false, 5, null, null, 1, 0.5, null, true),
    ('core', 'share_with_release_year', 'warning', 0.1, null, false, 5, null, null, 1, 0.5, null, true),
    ('core', 'share_with_director', 'critical', 0.5, null, false, 0, null, null, 1, null, null, true),
    ('core', 'share_with_director', 'warning', 0.1, null, false, 5, null, null, 1, null, null, true),
    ('core', 'share_with_profile', 'warning', 0.1, null, false, 5, null, null, 1, null, null, true),
    ('core', 'ratings_of_a_user_max', 'warning', null, 1, true, 5, null, null, 1, null, 50000, true),
    ('core', 'ratings_of_a_user_median', 'warning', 0.5, 0.5, true, 5, null, null, 1, null, null, true),
    ('core', 'newest_rating_days', 'warning', null, 3, false, 5, null, null, 3, null, null, true),
    ('core', 'unknown_movie', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('core', 'unknown_user', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('core', 'unknown_person', 'critical', null, null, false, 0, null, null, 1, null, 0, false),
    ('core', 'out_of_range', 'critical', null, null, false, 0, null, null, 1, null, 0, false)
) as rules (
    layer,
    metric,
    severity,
    lower_floor,
    upper_floor,
    is_relative,
    spread,
    most,
    min_usual,
    min_nights,
    lowest,
    highest,
    is_waivable
);
comment on view ops.metric_rule is 'Which numbers are checked, and how. Grain: layer, metric and severity.';

create or replace view ops.usual_metric as
with history as (
    select
        metric.layer,
        metric.subject,
        metric.metric,
        metric.value
    from ops.metric
    inner join ops.usual_night on metric.batch_id = usual_night.batch_id
    where metric.value is not null
),

median as (
    select
        layer,
        subject,
        metric,
        percentile_cont(0.5) within group (order by value) as usual
    from history
    group by layer, subject, metric
)

select
    median.layer,
    median.subject,
    median.metric,
    median.usual,
    count(*) as nights,
    1.4826 * percentile_cont(0.5) within group (order by abs(history.value - median.usual)) as deviation
from median
inner join history
    on median.layer = history.layer and median.subject = history.subject and median.metric = history.metric
group by median.layer, median.subject, median.metric, median.usual;
comment on view ops.usual_metric is
'Median and scaled median absolute deviation over the usual nights. Grain: layer, subject and metric.';

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
    where metric.batch_id = ops.tonight()
),

bound as (
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
from bound;
comment on view ops.metric_bound is
'Tonight''s numbers and what is allowed. Grain: layer, subject, metric and severity. A bound that is null allows all.';

create or replace view ops.source_tonight as
select
    batch_source.source,
    batch_source.status,
    coalesce(
        batch_source.message,
        case when batch_source.status = 'carried' then 'was not asked' end
    ) as message,
    exists(
        select 1 from ops.tonight_slice
        where tonight_slice.source = batch_source.source
    ) as is_represented,
    (
        select count(*)
        from ops.earlier_night
        where
            batch_source.status <> 'delivered'
            and (earlier_night.as_of, earlier_night.batch_id) > coalesce(
                (
                    select (delivered.as_of, delivered.batch_id)
                    from ops.earlier_night as delivered
                    inner join ops.batch_source as earlier on delivered.batch_id = earlier.batch_id
                    where earlier.source = batch_source.source and earlier.status = 'delivered'
                    order by delivered.as_of desc, delivered.batch_id desc
                    limit 1
                ),
                ('-infinity'::timestamptz, 0::bigint)
            )
    ) + (batch_source.status <> 'delivered')::integer as nights_without
from ops.batch_source
where batch_source.batch_id = ops.tonight();
comment on view ops.source_tonight is
'How the sources fared. Grain: source. nights_without counts the nights, this one included, since it last delivered.';

create or replace view ops.new_column_tonight as
select
    source,
    piece,
    table_name,
    array_to_string(new_columns, ', ') as new_columns
from ops.fresh_slice
where new_columns <> '{}';
comment on view ops.new_column_tonight is 'Columns that came tonight and that no contract knows. Grain: slice.';

-- Row counts of a night, counted afresh for what was loaded tonight; the rest had been counted before.
create or replace view ops.reconciliation_tonight as
select
    subject as table_name,
    max(value) filter (where metric = 'fresh_rows')::bigint as fresh_rows,
    max(value) filter (where metric = 'fresh_rejected_rows')::bigint as fresh_rejected_rows,
    max(value) filter (where metric = 'loaded_rows')::bigint as loaded_rows,
    max(value) filter (where metric = 'raw_rows')::bigint as raw_rows,
    max(value) filter (where metric = 'staging_rows')::bigint as staging_rows,
    max(value) filter (where metric = 'quarantine_rows')::bigint as quarantine_rows
from ops.metric
where batch_id = ops.tonight() and layer = 'staging'
group by subject
having count(*) filter (where metric = 'raw_rows') > 0;
comment on view ops.reconciliation_tonight is
'Rows per layer, as ops/measure_staging counted them. Grain: table. loaded_rows: what extraction says it loaded.';

-- Asks the rules once more of rows that were let through tonight. Of a table with more than half a million of them
-- every n-th position is asked, so that about half a million are.
drop view if exists staging.violation_tonight;
drop function if exists ops.violations();
create function ops.violations()
returns table (table_name text, slice_id integer, place integer, broken_rules text)
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

create view staging.violation_tonight as
select
    table_name,
    slice_id,
    place as position,
    broken_rules
from ops.violations();
comment on view staging.violation_tonight is
'Rows that were let through tonight although they break a rejecting rule; at most 20 a table. Grain: row.';

-- Figures of tonight's ratings, slice by slice: with the slice as a constant the planner knows whether it is all of the
-- table or a few blocks of it.
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
            'count(*) filter (where not is_deleted and (rating between 0.5 and 5) is not true), '
            'count(*) filter (where (user_id >= 1 and movie_id >= 1) is not true), '
            'count(*) filter (where (rated_at between ''1990-01-01'' and now() + interval ''1 day'') is not true) '
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
comment on function ops.fresh_slices is 'The slices of a table that were loaded tonight.';

drop view if exists staging.movies_tonight, staging.user_profile_tonight, staging.feedback_event_tonight;
create view staging.movies_tonight as
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

create view staging.user_profile_tonight as
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

create view staging.feedback_event_tonight as
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
    ('ratings', 'user_id, movie_id'),
    ('tags', 'user_id, movie_id, tag'),
    ('events', 'source, event_id')
),

existing_key as (
    select
        pg_class.relname as table_name,
        pg_index.indisvalid and pg_index.indisready as is_valid,
        (
            select string_agg(pg_attribute.attname, ', ' order by part.place)
            from unnest(pg_index.indkey::smallint[]) with ordinality as part (number, place)
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
comment on view ops.layer_key is 'Primary keys of the layer that the search path names. Grain: table.';

create or replace view ops.raw_column as
select
    table_name::text as table_name,
    column_name::text as column_name,
    data_type::text as data_type
from information_schema.columns
where table_schema = 'raw';
comment on view ops.raw_column is 'Columns of the tables in raw. Grain: table and column.';
