-- Retention, generated from ops.row_rule like the judges: whatever table has rules has rows to prune.
create or replace procedure ops.prune_batches(keep_nights integer)
language plpgsql as $$
declare
    oldest bigint;
    pruned text;
begin
    select min(batch_id) into oldest
    from (select batch_id from ops.batch order by batch_id desc limit keep_nights) as kept;
    for pruned in select distinct table_name from ops.row_rule loop
        execute format('delete from raw.%I where batch_id < $1', pruned) using oldest;
        execute format('delete from staging.%I where batch_id < $1', pruned) using oldest;
    end loop;
    delete from quarantine.row where batch_id < oldest;
end;
$$;
