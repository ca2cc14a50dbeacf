-- Purpose: keep everybody but its owner and those whom it is opened to out of a database, and from making objects that
-- no schema guards: temporary tables and large objects.
-- Grain: none. Key: none. Inputs: none. Parameters: none.
do $$
begin
    execute format('revoke all on database %I from public', current_database());
end;
$$;
revoke execute on function lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) from public;
