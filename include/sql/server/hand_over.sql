-- Purpose: hand everything of a database, which an administrator made in earlier versions, over to movierec_etl.
-- Grain: object. Key: none. Inputs: the catalogue of the database. Parameters: none.
do $$
declare
    own text;
begin
    for own in
        select format('alter schema %I owner to movierec_etl', nspname)
        from pg_namespace
        where
            nspname !~ '^pg_' and nspname <> 'information_schema'
            and nspowner not in ('movierec_etl'::regrole, 'pg_database_owner'::regrole)
        union all
        -- sequences of columns go with their tables
        select format('alter table %s owner to movierec_etl', pg_class.oid::regclass)
        from pg_class
        inner join pg_namespace on pg_class.relnamespace = pg_namespace.oid
        where
            pg_class.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
            and pg_namespace.nspname !~ '^pg_' and pg_namespace.nspname <> 'information_schema'
            and pg_class.relowner <> 'movierec_etl'::regrole
            and not exists (
                select 1
                from pg_depend
                where
                    pg_depend.classid = 'pg_class'::regclass
                    and pg_depend.objid = pg_class.oid
                    and pg_depend.deptype in ('a', 'i', 'e')
                    and (pg_class.relkind = 'S' or pg_depend.deptype = 'e')
            )
        union all
        select format('alter routine %s owner to movierec_etl', pg_proc.oid::regprocedure)
        from pg_proc
        inner join pg_namespace on pg_proc.pronamespace = pg_namespace.oid
        where
            pg_namespace.nspname !~ '^pg_' and pg_namespace.nspname <> 'information_schema'
            and pg_proc.proowner <> 'movierec_etl'::regrole
            and not exists (
                select 1
                from pg_depend
                where
                    pg_depend.classid = 'pg_proc'::regclass
                    and pg_depend.objid = pg_proc.oid
                    and pg_depend.deptype = 'e'
            )
        union all
        select format('alter type %s owner to movierec_etl', pg_type.oid::regtype)
        from pg_type
        inner join pg_namespace on pg_type.typnamespace = pg_namespace.oid
        where
            (
                pg_type.typtype in ('e', 'd', 'r')
                or exists (
                    select 1
                    from pg_class
                    where pg_class.oid = pg_type.typrelid and pg_class.relkind = 'c'
                )
            )
            and pg_namespace.nspname !~ '^pg_' and pg_namespace.nspname <> 'information_schema'
            and pg_type.typowner <> 'movierec_etl'::regrole
    loop
        execute own;
    end loop;
end;
$$;
