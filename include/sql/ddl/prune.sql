-- Retention: rows go with their slice once no kept batch consists of it and neither core nor past was made of it.
create or replace procedure ops.prune_slices(of_batch bigint, keep_nights integer)
language plpgsql as $$
declare
    kept_table record;
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
    -- of ratings that mean "seen, not rated"
    delete from staging.feedback_event where slice_id in (
        select slice_id from pruned_slice
        where table_name = 'ratings'
    );
    for kept_table in select distinct table_name from pruned_slice loop
        execute format(
            'delete from raw.%1$I where slice_id in (select slice_id from pruned_slice)', kept_table.table_name
        );
        execute format(
            'delete from staging.%1$I where slice_id in (select slice_id from pruned_slice)', kept_table.table_name
        );
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
