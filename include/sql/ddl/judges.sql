-- Views generated from ops.row_rule: for each <table>_typed a <table>_judged that adds the rules each row breaks;
-- staging.judged, the same for all tables; staging.violation, the rules asked again of the rows that were let through;
-- ops.layer_row, which rows lie in which layer.
create or replace function ops.broken_rules(subject text, asked text) returns text
language sql stable
return (
    select
        coalesce(
            'array_remove(array['
            || string_agg(format('case when (%s) is not true then %L end', predicate, rule), ', ' order by rule)
            || ']::text [], null)',
            'array[]::text []'
        )
    from ops.row_rule
    where table_name = subject and severity = asked
);
comment on function ops.broken_rules is 'The SQL expression for the names of the rules that a typed row breaks.';

create or replace procedure ops.build_judges()
language plpgsql as $$
declare
    judged text;
    branches text [];
    audits text [];
    layers text [];
begin
    drop view if exists staging.judged, staging.violation, ops.reconciliation, ops.layer_row cascade;
    for judged in select distinct table_name from ops.row_rule order by table_name loop
        execute format('drop view if exists staging.%I', judged || '_judged');
        execute format(
            'create view staging.%I as select typed.*, %s as broken_rules, %s as warned_rules from staging.%I as typed',
            judged || '_judged', ops.broken_rules(judged, 'reject'), ops.broken_rules(judged, 'warning'),
            judged || '_typed'
        );
        branches := branches || format(
            'select batch_id, %L as table_name, position, broken_rules, warned_rules, record from staging.%I',
            judged, judged || '_judged'
        );
        audits := audits || format(
            'select judged.batch_id, %L as table_name, judged.position, judged.broken_rules '
            'from staging.%I as judged inner join staging.%I as kept using (batch_id, position) '
            'where cardinality(judged.broken_rules) > 0',
            judged, judged || '_judged', judged
        );
        layers := layers || format(
            'select batch_id, %1$L as table_name, ''raw'' as layer from raw.%1$I '
            'union all select batch_id, %1$L, ''staging'' from staging.%1$I',
            judged
        );
    end loop;
    execute 'create view staging.judged as ' || array_to_string(branches, ' union all ');
    execute 'create view staging.violation as ' || array_to_string(audits, ' union all ');
    execute 'create view ops.layer_row as ' || array_to_string(layers, ' union all ')
    || ' union all select batch_id, table_name, ''quarantine'' from quarantine.row';
end;
$$;
