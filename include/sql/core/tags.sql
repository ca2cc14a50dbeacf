-- Purpose: words that viewers put on movies; of one word by one viewer on one movie the latest time.
-- Grain and key: user_id, movie_id, tag. Inputs: staging.tags, movies, movie_alias, manifest. Parameters: none.
merge into tags
using (
    with versions as (
        select distinct on (manifest.lineage, tags.user_id, tags.movie_id, tags.tag)
            tags.user_id,
            tags.movie_id,
            tags.tag,
            tags.is_deleted,
            tags.tagged_at
        from staging.tags
        inner join manifest on tags.slice_id = manifest.slice_id and manifest.is_held
        where tags.tagged_at < manifest.new_as_of
        order by
            manifest.lineage asc, tags.user_id asc, tags.movie_id asc, tags.tag asc, manifest.turn desc,
            tags.is_deleted asc, tags.tagged_at desc
    )

    select
        versions.user_id,
        movies.movie_id,
        lower(ops.clean(versions.tag)) as tag,
        max(versions.tagged_at) as tagged_at
    from versions
    left join movie_alias on versions.movie_id = movie_alias.alias_id
    inner join movies on coalesce(movie_alias.movie_id, versions.movie_id) = movies.movie_id
    where not versions.is_deleted and ops.clean(versions.tag) is not null
    group by versions.user_id, movies.movie_id, lower(ops.clean(versions.tag))
) as tonight
    on tags.user_id = tonight.user_id and tags.movie_id = tonight.movie_id and tags.tag = tonight.tag
when matched and tags.tagged_at <> tonight.tagged_at then
    update set tagged_at = tonight.tagged_at
when not matched then
    insert (user_id, movie_id, tag, tagged_at)
    values (tonight.user_id, tonight.movie_id, tonight.tag, tonight.tagged_at)
when not matched by source then delete;
