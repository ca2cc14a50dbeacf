-- Views generated from ops.row_rule: for each <table>_typed a <table>_judged that says of every row whether it is good
-- and which rules it breaks; staging.judged, the same for all tables. A row that is gone at the source has to name
-- itself and no more, and a data engineer may have waived a rule for a row.
create or replace function ops.rule_holds(rule text, predicate text, is_waivable boolean) returns text
language sql immutable
return case
    when is_waivable then format('((%s) is true or coalesce(typed.extra -> ''waived'' ? %L, false))', predicate, rule)
    else format('((%s) is true)', predicate)
end;

create or replace function ops.all_hold(subject text) returns text
language sql stable
return (
    select coalesce(string_agg(ops.rule_holds(rule, predicate, is_waivable), ' and ' order by rule), 'true')
    from ops.row_rule
    where table_name = subject and severity = 'reject'
);
comment on function ops.all_hold is 'The SQL expression that is true for a typed row which no rule rejects.';

create or replace function ops.broken_rules(subject text, asked text) returns text
language sql stable
return (
    select
        coalesce(
            'array_remove(array['
            || string_agg(
                format('case when not %s then %L end', ops.rule_holds(rule, predicate, is_waivable), rule), ', '
                order by rule
            )
            || ']::text [], null)',
            'array[]::text []'
        )
    from ops.row_rule
    where table_name = subject and severity = asked
);
comment on function ops.broken_rules is 'The SQL expression for the names of the rules that a typed row breaks.';

create or replace function ops.key_columns(text) returns text[]
language sql stable
return array(
    select columns.column_name::text
    from information_schema.columns
    where
        columns.table_schema = 'staging'
        and columns.table_name = $1
        and columns.is_nullable = 'NO'
        and columns.column_name not in ('slice_id', 'position', 'is_deleted')
    order by columns.column_name
);
comment on function ops.key_columns is 'What a row must have even if it is deleted.';

create or replace procedure ops.build_judges()
language plpgsql as $$
declare
    judged text;
    has_key text;
    broken_key text;
    branches text [];
begin
    drop view if exists staging.judged cascade;
    for judged in select distinct table_name from ops.row_rule order by table_name loop
        select
            string_agg(format('typed.%I is not null', name), ' and '),
            string_agg(format('case when typed.%I is null then %L end', name, name), ', ')
        into has_key, broken_key
        from unnest(ops.key_columns(judged)) as key_column (name);
        execute format('drop view if exists staging.%I cascade', judged || '_judged');
        execute format(
            'create view staging.%I as select typed.*, case when typed.is_deleted then %s else %s end as is_good, '
            'case when typed.is_deleted then array_remove(array[%s]::text [], null) else %s end as broken_rules, '
            'case when not typed.is_deleted then %s else array[]::text [] end as warned_rules '
            'from staging.%I as typed',
            judged || '_judged', has_key, ops.all_hold(judged), broken_key, ops.broken_rules(judged, 'reject'),
            ops.broken_rules(judged, 'warning'), judged || '_typed'
        );
        branches := branches || format(
            'select slice_id, %L as table_name, position, is_good, broken_rules, warned_rules, record from staging.%I',
            judged, judged || '_judged'
        );
    end loop;
    execute 'create view staging.judged as ' || array_to_string(branches, ' union all ');
end;
$$;

-- Counts and times of one slice, whatever its table.
create or replace function ops.layer_rows(subject integer)
returns table (raw_rows bigint, staging_rows bigint, quarantine_rows bigint)
language plpgsql stable as $$
declare
    table_of_slice text := (select slice.table_name from ops.slice where slice.slice_id = subject);
begin
    return query execute format(
        'select (select count(*) from raw.%1$I where slice_id = $1), '
        '(select count(*) from staging.%1$I where slice_id = $1), '
        '(select count(*) from quarantine.row where slice_id = $1)',
        table_of_slice
    ) using subject;
end;
$$;
comment on function ops.layer_rows is 'Rows of a slice per layer, counted afresh.';

create or replace procedure ops.mark_staged(subject integer)
language plpgsql as $$
declare
    table_of_slice text := (select slice.table_name from ops.slice where slice.slice_id = subject);
    time_column text := (
        select columns.column_name
        from information_schema.columns
        where
            columns.table_schema = 'staging'
            and columns.table_name = table_of_slice
            and columns.column_name in ('rated_at', 'tagged_at', 'occurred_at')
    );
    earliest timestamptz;
    latest timestamptz;
begin
    if time_column is not null then
        execute format('select min(%1$I), max(%1$I) from staging.%2$I where slice_id = $1', time_column, table_of_slice)
        into earliest, latest using subject;
    end if;
    update ops.slice
    set
        staging_rows = counted.staging_rows,
        quarantine_rows = counted.quarantine_rows,
        first_at = earliest,
        last_at = latest,
        staged_at = clock_timestamp()
    from ops.layer_rows(subject) as counted
    where slice.slice_id = subject;
end;
$$;
comment on procedure ops.mark_staged is 'Note what became of the rows of a slice, and between which times they lie.';
