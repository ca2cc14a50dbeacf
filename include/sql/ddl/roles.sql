-- The roles, one for each kind of work: movierec_etl owns everything and runs the pipeline, movierec_web is the web
-- application, movierec_reader reads what is served, for dashboards. None of them may make databases or roles. Roles
-- belong to the server, not to the database: where who applies this may not create one, an administrator does.
do $$
declare
    may_create constant boolean := (select rolsuper or rolcreaterole from pg_roles where rolname = current_user);
    wanted text;
begin
    foreach wanted in array array['movierec_etl', 'movierec_web', 'movierec_reader'] loop
        if exists (select from pg_roles where rolname = wanted) then
            continue;
        elsif may_create then
            begin
                execute format('create role %I login nosuperuser nocreatedb nocreaterole noinherit', wanted);
            exception when duplicate_object or unique_violation then
                null; -- another database of this server has just created it
            end;
        elsif wanted <> 'movierec_etl' then
            raise warning 'the role % is missing and % may not create it: create role % login', wanted, current_user,
                wanted;
        end if;
    end loop;
end;
$$;
-- what is made from now on is for those to whom it is granted
alter default privileges revoke execute on routines from public;
