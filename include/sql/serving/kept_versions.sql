-- Purpose: the versions that the pointer may show, the live one among them, with what speaks for and against each:
-- as of when it sees the world, how its ranker was evaluated, how much of the live lists it would replace, who took it
-- back.
-- Grain: version, the newest first. Key: version. Inputs: serving.version, serving.live, serving.recommendation,
-- ml.training, ops.batch, ml.evaluation, ops.pointer_move. Parameters: k, viewers (how many of the live version's to
-- compare lists of).
with compared_viewer as (
    select recommendation.user_id
    from serving.live
    inner join serving.recommendation on live.version_id = recommendation.version_id
    where recommendation.rank = 1
    -- a sample that is the same for every version
    order by hashint8(recommendation.user_id) asc, recommendation.user_id asc
    limit %(viewers)s
),

kept_version as (
    select version_id
    from serving.version
    where status in ('audited', 'published')
),

-- of each version the lists of these viewers alone, which the primary key finds
compared_entry as (
    select
        kept_version.version_id,
        recommendation.user_id,
        recommendation.movie_id
    from compared_viewer
    cross join kept_version
    inner join serving.recommendation
        on
            kept_version.version_id = recommendation.version_id
            and compared_viewer.user_id = recommendation.user_id
            and recommendation.rank <= %(k)s
),

live_entry as (
    select
        compared_entry.user_id,
        compared_entry.movie_id
    from compared_entry
    inner join serving.live on compared_entry.version_id = live.version_id
),

shared_count as (
    select
        compared_entry.version_id,
        count(*)::double precision as entries
    from compared_entry
    inner join live_entry
        on compared_entry.user_id = live_entry.user_id and compared_entry.movie_id = live_entry.movie_id
    group by compared_entry.version_id
),

live_size as (
    select count(*) as entries
    from live_entry
),

last_move_back as (
    select distinct on (from_version_id)
        from_version_id as version_id,
        moved_by,
        reason
    from ops.pointer_move
    where direction = 'back'
    order by from_version_id asc, move_id desc
)

select
    version.version_id as version,
    case when version.version_id = live.version_id then 'live' else version.status end as status,
    version.ranker,
    version.training_id as training,
    to_char(batch.as_of at time zone 'utc', 'YYYY-MM-DD HH24:MI') as as_of,
    to_char(version.published_at at time zone 'utc', 'YYYY-MM-DD HH24:MI') as published,
    evaluation.ndcg_at_k as ndcg,
    evaluation.coverage_at_k as coverage,
    1 - coalesce(shared_count.entries, 0) / nullif(live_size.entries, 0) as churn,
    last_move_back.moved_by || ': ' || last_move_back.reason as taken_back
from serving.version
left join serving.live on true
left join ml.training on version.training_id = training.training_id
left join ops.batch on training.batch_id = batch.batch_id
left join ml.evaluation
    on
        version.training_id = evaluation.training_id
        and version.ranker = evaluation.ranker
        and evaluation.k = %(k)s
cross join live_size
left join shared_count on version.version_id = shared_count.version_id
left join last_move_back on version.version_id = last_move_back.version_id
where version.status in ('audited', 'published')
order by version.version_id desc;
