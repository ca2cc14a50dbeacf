-- Retention: rows go with their slice once no kept batch consists of it and neither core nor past was made of it.
create or replace procedure ops.prune_slices(of_batch bigint, keep_nights integer)
language plpgsql as $$
declare
    pruned_table record;
begin
    -- an extraction that is about to refer to an old slice again has to come before or after
    lock table ops.batch_slice in share row exclusive mode;
    create temporary table pruned_slice on commit drop as
    select
        slice.slice_id,
        slice.table_name
    from ops.slice
    where
        not exists (
            select 1 from ops.batch_slice
            where
                batch_slice.slice_id = slice.slice_id
                and batch_slice.batch_id in (
                    (select batch_id from ops.batch order by as_of desc, batch_id desc limit keep_nights)
                    union
                    -- a backfill is about to be learned from, however long ago its moment was
                    (values (of_batch))
                    union
                    -- what core goes back to, and what is on its way
                    (
                        select batch_id from ops.batch
                        where status = 'accepted'
                        order by as_of desc, batch_id desc
                        limit 2
                    )
                    union
                    select batch_id from ops.batch
                    where status in ('open', 'built') and started_at > now() - interval '1 day'
                )
        )
        and not exists (
            select 1 from ops.shown_slice
            where shown_slice.slice_id = slice.slice_id
        )
        -- loaded by a night that is still on its way
        and slice.batch_id < (select max(batch_id) from ops.batch);
    -- Slices as constants: the planner knows that they are a few blocks of a table, which its block-range index finds.
    for pruned_table in
        select
            pruned_slice.table_name,
            array_agg(pruned_slice.slice_id) as slices
        from pruned_slice
        group by pruned_slice.table_name
    loop
        execute format('delete from raw.%I where slice_id = any($1)', pruned_table.table_name)
        using pruned_table.slices;
        execute format('delete from staging.%I where slice_id = any($1)', pruned_table.table_name)
        using pruned_table.slices;
        if pruned_table.table_name = 'ratings' then  -- those that mean "seen, not rated"
            execute 'delete from staging.feedback_event where slice_id = any($1)' using pruned_table.slices;
        end if;
    end loop;
    update ops.batch
    set is_pruned = true
    where batch_id in (
        select batch_slice.batch_id
        from ops.batch_slice
        inner join pruned_slice on batch_slice.slice_id = pruned_slice.slice_id
    );
    delete from ops.slice where slice_id in (select slice_id from pruned_slice);
    drop table pruned_slice;
end;
$$;
