-- Purpose: leave connections and disk for the pipeline, whatever guests ask for: at most 40 sessions each, and 2 GB of
-- temporary files a session. Only an administrator can change that; where one has, it stays.
-- Grain: role. Key: none. Inputs: the roles of the server. Parameters: none.
do $$
declare
    guest text;
begin
    for guest in
        select rolname from pg_roles where rolname in ('movierec_web', 'movierec_reader') and rolconnlimit = -1
    loop
        execute format('alter role %I connection limit 40', guest);
    end loop;
    for guest in
        select pg_roles.rolname
        from pg_roles
        where
            pg_roles.rolname in ('movierec_web', 'movierec_reader')
            and not exists (
                select 1
                from pg_db_role_setting
                where
                    pg_db_role_setting.setrole = pg_roles.oid
                    and array_to_string(pg_db_role_setting.setconfig, ' ') like '%temp_file_limit=%'
            )
    loop
        execute format('alter role %I set temp_file_limit to %L', guest, '2GB');
    end loop;
end;
$$;
