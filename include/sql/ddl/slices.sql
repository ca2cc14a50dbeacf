-- What is done with the rows of one slice, the same for every table.
create or replace function ops.table_of_slice(integer) returns text
language sql stable
return (
    select slice.table_name from ops.slice
    where slice.slice_id = $1
);

create or replace function ops.fill_staging(of_slice integer) returns bigint
language plpgsql as $$
declare
    of_table text := ops.table_of_slice(of_slice);
    columns_of_table text := (
        select string_agg(quote_ident(column_name), ', ' order by ordinal_position)
        from information_schema.columns
        where table_schema = 'staging' and table_name = of_table
    );
    copied bigint;
begin
    execute format('delete from staging.%I where slice_id = %s', of_table, of_slice);
    -- the slice as a constant: the planner knows whether it is all of the table or a few blocks of it
    execute format(
        'insert into staging.%1$I (%2$s) select %2$s from staging.%3$I where slice_id = %4$s and is_good',
        of_table, columns_of_table, of_table || '_checked', of_slice
    );
    get diagnostics copied = row_count;
    return copied;
end;
$$;
comment on function ops.fill_staging is
'Copy the rows of a slice that no rule rejects from staging.<table>_checked into staging.<table>, anew; how many.';

create or replace function ops.layer_rows(of_slice integer)
returns table (raw_rows bigint, staging_rows bigint, quarantine_rows bigint)
language plpgsql stable as $$
begin
    return query execute format(
        'select (select count(*) from raw.%1$I where slice_id = $1), '
        '(select count(*) from staging.%1$I where slice_id = $1), '
        '(select count(*) from quarantine.row where slice_id = $1)',
        ops.table_of_slice(of_slice)
    ) using of_slice;
end;
$$;
comment on function ops.layer_rows is 'Rows of a slice per layer, counted afresh.';

create or replace procedure ops.mark_staged(of_slice integer)
language plpgsql as $$
declare
    of_table text := ops.table_of_slice(of_slice);
    time_column text := (
        select columns.column_name
        from information_schema.columns
        where
            columns.table_schema = 'staging'
            and columns.table_name = of_table
            and columns.column_name in ('rated_at', 'tagged_at', 'occurred_at')
    );
    latest timestamptz;
begin
    if time_column is not null then
        execute format('select max(%1$I) from staging.%2$I where slice_id = $1', time_column, of_table)
        into latest using of_slice;
    end if;
    update ops.slice
    set
        staging_rows = counted.staging_rows,
        quarantine_rows = counted.quarantine_rows,
        last_at = latest,
        staged_at = clock_timestamp()
    from ops.layer_rows(of_slice) as counted
    where slice.slice_id = of_slice;
end;
$$;
comment on procedure ops.mark_staged is
'Note what became of the rows of a slice, and when the latest of its facts happened.';
