-- Purpose: keep everybody but its owner and those whom it is opened to out of a database, from making objects that no
-- schema guards (temporary tables and large objects), and from advisory locks: the steps of the pipeline wait for each
-- other by them, so that whoever holds one stops the nights.
-- Grain: none. Key: none. Inputs: none. Parameters: none.
do $$
begin
    execute format('revoke all on database %I from public', current_database());
end;
$$;
revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) from public;
do $$
declare
    locking text;
begin
    for locking in
        select oid::regprocedure::text
        from pg_proc
        where pronamespace = 'pg_catalog'::regnamespace and proname ~ '^pg_(try_)?advisory_'
    loop
        execute format('revoke execute on function %s from public', locking);
        execute format('grant execute on function %s to movierec_etl', locking);
    end loop;
end;
$$;
