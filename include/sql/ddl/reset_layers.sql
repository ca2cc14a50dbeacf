-- Layers of a warehouse from before rows were kept by slice go: the next night reads every source anew. What is
-- served, and why, stays.
do $$
begin
    if to_regclass('ops.batch') is not null and to_regclass('ops.slice') is null then
        drop schema if exists raw, staging, quarantine, core, ops cascade;
    end if;
end;
$$;
