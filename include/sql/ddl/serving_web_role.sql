-- What the web application may do: ask the functions and views of serving and give feedback through them. It touches no
-- table. Nobody else may call a function of ours: those of serving read what their caller may not.
do $$
declare
    callable text;
begin
    for callable in
        select pg_proc.oid::regprocedure::text
        from pg_proc
        inner join pg_namespace on pg_proc.pronamespace = pg_namespace.oid
        where
            pg_namespace.nspname in ('raw', 'staging', 'quarantine', 'core', 'past', 'ops', 'ml', 'serving')
            and pg_proc.proowner = (select oid from pg_roles where rolname = current_user)
            and has_function_privilege('public', pg_proc.oid, 'execute')
    loop
        execute format('revoke all on routine %s from public', callable);
    end loop;
    if not exists (select from pg_roles where rolname = 'movierec_web') then
        return; -- roles.sql has said so
    end if;
    grant usage on schema serving to movierec_web;
    grant select on
        serving.live_recommendation, serving.live_similar_movie, serving.live_fallback, serving.freshness
    to movierec_web;
    for callable in
        select pg_proc.oid::regprocedure::text
        from pg_proc
        where
            pg_proc.pronamespace = 'serving'::regnamespace
            and pg_proc.proname in (
                'recommend', 'shelves', 'search', 'movie', 'similar', 'newcomer', 'give_feedback', 'undo_feedback',
                'feedback_of', 'liked', 'etag', 'shelves_etag', 'renewed', 'genres', 'unknown_genres'
            )
    loop
        execute format('grant execute on function %s to movierec_web', callable);
    end loop;
end;
$$;
