-- Purpose: words that viewers put on movies; of one word by one viewer on one movie the latest time.
-- Grain and key: user_id, movie_id, tag. Inputs: staging.tags, movies, movie_alias, manifest. Parameters: none.
merge into tags
using (
    with tag_version as (
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
            manifest.lineage asc, tags.user_id asc, tags.movie_id asc, tags.tag asc, manifest.root_slice_id desc,
            manifest.slice_id desc, tags.is_deleted asc, tags.tagged_at desc
    )

    select
        tag_version.user_id,
        movies.movie_id,
        lower(ops.clean(tag_version.tag)) as tag,
        max(tag_version.tagged_at) as tagged_at
    from tag_version
    left join movie_alias on tag_version.movie_id = movie_alias.alias_id
    inner join movies on coalesce(movie_alias.movie_id, tag_version.movie_id) = movies.movie_id
    where not tag_version.is_deleted and ops.clean(tag_version.tag) is not null
    group by tag_version.user_id, movies.movie_id, lower(ops.clean(tag_version.tag))
) as incoming
    on tags.user_id = incoming.user_id and tags.movie_id = incoming.movie_id and tags.tag = incoming.tag
when matched and tags.tagged_at <> incoming.tagged_at then
    update set tagged_at = incoming.tagged_at
when not matched then
    insert (user_id, movie_id, tag, tagged_at)
    values (incoming.user_id, incoming.movie_id, incoming.tag, incoming.tagged_at)
when not matched by source then delete;
