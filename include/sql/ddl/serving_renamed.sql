-- Movies that a version shows under an id which an ingestion has merged into another one since. core.movie_alias has
-- every id that was ever merged, which may be many; of these few are in a version, and most versions have none.
create table if not exists serving.renamed_movie (
    version_id bigint not null references serving.version on delete cascade,
    alias_id bigint not null,
    movie_id bigint not null,
    primary key (version_id, alias_id)
);
create index if not exists renamed_movie_alias on serving.renamed_movie (alias_id);
comment on table serving.renamed_movie is
'What a version shows under an id that core has merged into another one by now. Grain: version and id that was merged.';

create or replace function ops.find_renamed_movies(version bigint)
returns void
language sql
set search_path = pg_catalog, pg_temp
as $$
    insert into serving.renamed_movie (version_id, alias_id, movie_id)
    select catalogue.version_id, movie_alias.alias_id, movie_alias.movie_id
    from core.movie_alias
    inner join serving.catalogue on movie_alias.alias_id = catalogue.movie_id
    where catalogue.version_id = $1
    on conflict (version_id, alias_id) do nothing
$$;
comment on function ops.find_renamed_movies is
'Fills serving.renamed_movie for a version that core is ahead of, as one that is made of an earlier batch.';

-- versions of before there was this table
select ops.find_renamed_movies(version.version_id)
from serving.version;

create or replace function ops.note_renamed_movies()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'DELETE' then
        delete from serving.renamed_movie
        using changed_alias
        where renamed_movie.alias_id = changed_alias.alias_id;
    else
        insert into serving.renamed_movie (version_id, alias_id, movie_id)
        select catalogue.version_id, changed_alias.alias_id, changed_alias.movie_id
        from changed_alias
        cross join serving.version
        inner join serving.catalogue
            on version.version_id = catalogue.version_id and changed_alias.alias_id = catalogue.movie_id
        on conflict (version_id, alias_id) do update set movie_id = excluded.movie_id;
    end if;
    return null;
end;
$$;
comment on function ops.note_renamed_movies is
'Keeps serving.renamed_movie in step with core.movie_alias, also where core goes back to an earlier night.';

create or replace trigger aliases_come
after insert on core.movie_alias referencing new table as changed_alias
for each statement execute function ops.note_renamed_movies();
create or replace trigger aliases_change
after update on core.movie_alias referencing new table as changed_alias
for each statement execute function ops.note_renamed_movies();
create or replace trigger aliases_go
after delete on core.movie_alias referencing old table as changed_alias
for each statement execute function ops.note_renamed_movies();
