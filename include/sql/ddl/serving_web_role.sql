-- The role of the web application: it asks the functions and views of serving and gives feedback through them, and
-- touches no table. Roles belong to the server, not to the database; where who applies this structure may not create
-- one, an administrator does: create role movierec_web login.
do $$
declare
    may_create boolean := (select rolsuper or rolcreaterole from pg_roles where rolname = current_user);
    reading text;
begin
    if may_create and not exists (select from pg_roles where rolname = 'movierec_web') then
        begin
            create role movierec_web login nosuperuser nocreatedb nocreaterole noinherit;
        exception when duplicate_object or unique_violation then
            null; -- another database of this server has just created it
        end;
    end if;
    -- these read what their caller may not: not for everybody
    for reading in
        select pg_proc.oid::regprocedure::text
        from pg_proc
        where
            pg_proc.pronamespace = 'serving'::regnamespace
            and pg_proc.prokind = 'f'
            and pg_proc.proname <> 'recommend'
    loop
        execute format('revoke all on function %s from public', reading);
    end loop;
    if not exists (select from pg_roles where rolname = 'movierec_web') then
        raise warning 'the role movierec_web is missing and % may not create it: create role movierec_web login',
            current_user;
        return;
    end if;
    grant usage on schema serving to movierec_web;
    grant select on
        serving.live_recommendation, serving.live_similar_movie, serving.live_fallback, serving.freshness
    to movierec_web;
    for reading in
        select pg_proc.oid::regprocedure::text
        from pg_proc
        where
            pg_proc.pronamespace = 'serving'::regnamespace
            and pg_proc.proname in (
                'recommend', 'shelves', 'search', 'movie', 'similar', 'newcomer', 'give_feedback', 'undo_feedback',
                'feedback_of', 'liked', 'etag'
            )
    loop
        execute format('grant execute on function %s to movierec_web', reading);
    end loop;
end;
$$;
