-- What the tables of latest rows have in common that core/latest_rows.sql makes while core is moved to a batch.
create or replace procedure ops.create_latest_table(latest_table text, of_table text, key text)
language plpgsql as $$
begin
    execute format(
        $statement$
        create temporary table %1$I on commit drop as
        with latest_row as (
            select distinct on (manifest.lineage, %2$I.%3$I)
                manifest.source,
                manifest.source_rank,
                %2$I.*
            from staging.%2$I
            inner join manifest on %2$I.slice_id = manifest.slice_id and manifest.is_held
            order by
                manifest.lineage asc, %2$I.%3$I asc, manifest.root_slice_id desc, manifest.slice_id desc,
                %2$I.position desc
        )

        select latest_row.*
        from latest_row
        where not latest_row.is_deleted
        $statement$,
        latest_table, of_table, key
    );
    execute format('analyze %I', latest_table);
end;
$$;
comment on procedure ops.create_latest_table is
'Make a temporary table of the last row of a staging table per lineage and key, as the manifest has them.';
