-- Views generated from ops.row_rule: for each <table>_typed a <table>_checked that says of every row whether it is good
-- and which rules it breaks; staging.checked, the same for all tables. A row that is gone at the source has to name
-- itself and no more, and a data engineer may have waived a rule for a row.
create or replace function ops.rule_holds(rule text, predicate text, is_waivable boolean) returns text
language sql immutable
return case
    when is_waivable then format('((%s) is true or coalesce(typed.extra -> ''waived'' ? %L, false))', predicate, rule)
    else format('((%s) is true)', predicate)
end;

create or replace function ops.no_rule_rejects(of_table text) returns text
language sql stable
return (
    select coalesce(string_agg(ops.rule_holds(rule, predicate, is_waivable), ' and ' order by rule), 'true')
    from ops.row_rule
    where table_name = of_table and severity = 'reject'
);
comment on function ops.no_rule_rejects is 'The SQL expression that is true for a typed row which no rule rejects.';

create or replace function ops.broken_rules(of_table text, of_severity text) returns text
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
    where table_name = of_table and severity = of_severity
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

create or replace procedure ops.build_rule_views()
language plpgsql as $$
declare
    of_table text;
    has_key text;
    broken_key text;
    branches text [];
begin
    drop view if exists staging.checked cascade;
    for of_table in select distinct table_name from ops.row_rule order by table_name loop
        select
            string_agg(format('typed.%I is not null', name), ' and '),
            string_agg(format('case when typed.%I is null then %L end', name, name), ', ')
        into has_key, broken_key
        from unnest(ops.key_columns(of_table)) as key_column (name);
        execute format('drop view if exists staging.%I cascade', of_table || '_checked');
        execute format(
            $view$
            create view staging.%I as
            select
                typed.*,
                case when typed.is_deleted then %s else %s end as is_good,
                case
                    when typed.is_deleted then array_remove(array[%s]::text [], null) else %s
                end as broken_rules,
                case when not typed.is_deleted then %s else array[]::text [] end as warned_rules
            from staging.%I as typed
            $view$,
            of_table || '_checked', has_key, ops.no_rule_rejects(of_table), broken_key,
            ops.broken_rules(of_table, 'reject'), ops.broken_rules(of_table, 'warning'), of_table || '_typed'
        );
        branches := branches || format(
            'select slice_id, %L as table_name, position, is_good, broken_rules, warned_rules, record from staging.%I',
            of_table, of_table || '_checked'
        );
    end loop;
    execute 'create view staging.checked as ' || array_to_string(branches, ' union all ');
end;
$$;
