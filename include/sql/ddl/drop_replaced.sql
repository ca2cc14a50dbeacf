-- What earlier versions of these files made and these make under another name, with other parameters or with columns
-- of another type: "create or replace" can do none of that. Nothing here holds rows.
do $$
declare
    replaced text;
begin
    for replaced in
        select table_name from information_schema.views
        where table_schema = 'staging' and (table_name ~ '_(typed|judged|tonight)$' or table_name = 'judged')
    loop
        execute format('drop view if exists staging.%I cascade', replaced);
    end loop;
end;
$$;

drop view if exists ops.tonight_slice, ops.fresh_slice, ops.earlier_night, ops.usual_night, ops.source_tonight cascade;
drop view if exists ops.new_column_tonight, ops.reconciliation_tonight, ops.usual_metric, ops.metric_bound cascade;
drop function if exists ops.tonight();
drop function if exists ops.shared_ratings(bigint, text);
drop function if exists ops.as_time(text) cascade;
drop function if exists ops.as_date(text) cascade;
drop procedure if exists ops.build_judges();
drop procedure if exists ops.settle_date_orders(bigint, text);
drop procedure if exists ops.mark_staged(integer);
drop procedure if exists ops.prune_slices(integer);
drop function if exists ops.all_hold(text);
drop function if exists ops.broken_rules(text, text);
drop function if exists ops.layer_rows(integer);
drop procedure if exists quarantine.replay(bigint);
drop procedure if exists quarantine.show_replayed(bigint);
drop procedure if exists quarantine.keep_decided(integer, text);
drop function if exists serving.left_out(bigint);
