-- Purpose: how much tags say about movies, by a tag genome; where ids of one movie differ, the higher relevance counts.
-- Grain and key: movie_id, tag. Inputs: staging.genome, movies, movie_alias, manifest. Parameters: none.
call ops.create_latest_table('latest_genome', 'genome', 'movie_id');

merge into genome
using (
    select
        movies.movie_id,
        lower(ops.clean(pair.tag)) as tag,
        max(pair.relevance) as relevance
    from latest_genome
    cross join lateral unnest(latest_genome.tags, latest_genome.relevances) as pair (tag, relevance)
    left join movie_alias on latest_genome.movie_id = movie_alias.alias_id
    inner join movies on coalesce(movie_alias.movie_id, latest_genome.movie_id) = movies.movie_id
    where ops.clean(pair.tag) is not null
    group by movies.movie_id, lower(ops.clean(pair.tag))
) as incoming
    on genome.movie_id = incoming.movie_id and genome.tag = incoming.tag
when matched and genome.relevance <> incoming.relevance then
    update set relevance = incoming.relevance
when not matched then
    insert (movie_id, tag, relevance)
    values (incoming.movie_id, incoming.tag, incoming.relevance)
when not matched by source then delete;
