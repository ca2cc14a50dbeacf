-- What dashboards may read: the live lists and their freshness, and what ops keeps of nights, versions and sizes for
-- them. No other tables, no functions, nothing about viewers beyond the lists that they are shown.
do $$
declare
    wanted text;
begin
    if not exists (select from pg_roles where rolname = 'movierec_reader') then
        return; -- roles.sql has said so
    end if;
    grant usage on schema serving, ops to movierec_reader;
    foreach wanted in array array[
        'serving.live_recommendation', 'serving.live_similar_movie', 'serving.live_fallback', 'serving.freshness',
        'ops.pointer_history', 'ops.version_lineage', 'ops.night', 'ops.night_bound', 'ops.night_drift', 'ops.size'
    ] loop
        execute format('grant select on %s to movierec_reader', wanted);
    end loop;
end;
$$;
