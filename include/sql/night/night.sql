-- Purpose: what is known of a night by now: written after each of its runs, by the last task.
-- Grain: one row, none where the run has no batch. Key: batch_id. Inputs: ops.batch, ops.batch_slice,
-- ops.slice, ops.metric, ops.night_stage, ml.training, ml.champion, ml.decision, ml.metric, serving.version,
-- serving.recommendation, serving.catalogue. Parameters: batch_id, k, ingest_dag, train_dag, publish_dag.
with task_span as (
    select
        dag_id,
        task_id,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        max(peak_memory_mb) as peak_memory_mb
    from ops.night_stage
    where batch_id = %(batch_id)s
    group by dag_id, task_id
),

night_time as (
    select
        extract(
            epoch from max(ended_at) filter (where dag_id = %(ingest_dag)s)
            - min(started_at) filter (where dag_id = %(ingest_dag)s)
        ) as ingest_seconds,
        extract(
            epoch from max(ended_at) filter (where dag_id = %(train_dag)s)
            - min(started_at) filter (where dag_id = %(train_dag)s)
        ) as train_seconds,
        extract(
            epoch from max(ended_at) filter (where dag_id = %(publish_dag)s)
            - min(started_at) filter (where dag_id = %(publish_dag)s)
        ) as publish_seconds,
        jsonb_object_agg(dag_id || '.' || task_id, round(extract(epoch from ended_at - started_at), 3))
            as stage_seconds,
        max(peak_memory_mb) as peak_memory_mb
    from task_span
),

batch_rows as (
    select
        sum(slice.raw_rows)::bigint as rows_in,
        sum(slice.staging_rows)::bigint as rows_kept,
        sum(slice.quarantine_rows)::bigint as rows_quarantined
    from ops.batch_slice
    inner join ops.slice on batch_slice.slice_id = slice.slice_id
    where batch_slice.batch_id = %(batch_id)s
),

latest_training as (
    select
        training.training_id,
        champion.ranker as champion,
        decision.verdict,
        decision.decided_by,
        decision.protocol
    from ml.training
    left join ml.champion on training.training_id = champion.training_id
    left join ml.decision on training.training_id = decision.training_id
    where training.batch_id = %(batch_id)s
    order by training.training_id desc
    limit 1
),

champion_metric as (
    select
        max(metric.value) filter (where metric.metric = 'ndcg') as ndcg_at_k,
        max(metric.value) filter (where metric.metric = 'recall') as recall_at_k
    from latest_training
    inner join ml.metric
        on
            latest_training.training_id = metric.training_id
            and latest_training.champion = metric.ranker
            and latest_training.protocol = metric.protocol
            and metric.k = %(k)s
            and metric.dimension = 'all'
),

night_version as (
    select
        version.version_id,
        version.published_at
    from serving.version
    inner join ml.training on version.training_id = training.training_id
    where training.batch_id = %(batch_id)s and version.status = 'published'
    order by version.version_id desc
    limit 1
),

earlier_version as (
    select max(version.version_id) as version_id
    from serving.version
    inner join night_version on version.version_id < night_version.version_id
    where version.status = 'published'
),

compared_version as (
    select
        version_id,
        true as is_tonight
    from night_version
    union all
    select
        version_id,
        false as is_tonight
    from earlier_version
),

-- Grouped, not joined to each other: of lists that were written just now the planner may believe that there are hardly
-- any, and would compare each entry of one version with each of the other.
listed_movie as (
    select
        recommendation.user_id,
        recommendation.movie_id,
        max(recommendation.score) filter (where compared_version.is_tonight) as score,
        bool_or(compared_version.is_tonight) as is_listed,
        not bool_and(compared_version.is_tonight) as was_listed
    from compared_version
    inner join serving.recommendation on compared_version.version_id = recommendation.version_id
    where recommendation.rank <= %(k)s
    group by recommendation.user_id, recommendation.movie_id
),

viewer_overlap as (
    select
        count(*) filter (where is_listed) as entries,
        count(*) filter (where is_listed and was_listed) as kept_entries
    from listed_movie
    group by user_id
    having bool_or(was_listed)
),

list_churn as (
    select 1 - sum(kept_entries)::double precision / nullif(sum(entries), 0)::double precision as churn
    from viewer_overlap
),

list_summary as (
    select
        nullif(count(distinct user_id), 0) as viewers,
        count(distinct movie_id)::double precision as movies,
        percentile_cont(array[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) within group (order by score)
            as score_deciles
    from listed_movie
    where is_listed
),

catalogue_size as (
    select nullif(count(*), 0) as movies
    from serving.catalogue
    inner join night_version on catalogue.version_id = night_version.version_id
)

insert into ops.night (
    batch_id, as_of, dataset, status, is_change_accepted, ingest_seconds, train_seconds, publish_seconds, stage_seconds,
    peak_memory_mb, rows_in, rows_kept, rows_quarantined, newest_rating_days, training_id, champion, verdict,
    decided_by, ndcg_at_k, recall_at_k, version_id, live_at, viewers, coverage, churn, score_deciles
)
select
    batch.batch_id,
    batch.as_of,
    batch.dataset,
    batch.status,
    batch.accept_volume_change as is_change_accepted,
    night_time.ingest_seconds,
    night_time.train_seconds,
    night_time.publish_seconds,
    coalesce(night_time.stage_seconds, '{}') as stage_seconds,
    night_time.peak_memory_mb,
    batch_rows.rows_in,
    batch_rows.rows_kept,
    batch_rows.rows_quarantined,
    (
        select metric.value
        from ops.metric
        where metric.batch_id = batch.batch_id and metric.layer = 'core' and metric.metric = 'newest_rating_days'
    ) as newest_rating_days,
    latest_training.training_id,
    latest_training.champion,
    latest_training.verdict,
    latest_training.decided_by,
    champion_metric.ndcg_at_k,
    champion_metric.recall_at_k,
    night_version.version_id,
    night_version.published_at as live_at,
    list_summary.viewers,
    list_summary.movies / catalogue_size.movies as coverage,
    list_churn.churn,
    list_summary.score_deciles
from ops.batch
cross join night_time
cross join batch_rows
cross join champion_metric
cross join list_summary
cross join catalogue_size
cross join list_churn
left join latest_training on true
left join night_version on true
where batch.batch_id = %(batch_id)s
on conflict (batch_id) do update
    set
        as_of = excluded.as_of,
        dataset = excluded.dataset,
        status = excluded.status,
        is_change_accepted = excluded.is_change_accepted,
        ingest_seconds = coalesce(excluded.ingest_seconds, night.ingest_seconds),
        train_seconds = coalesce(excluded.train_seconds, night.train_seconds),
        publish_seconds = coalesce(excluded.publish_seconds, night.publish_seconds),
        stage_seconds = night.stage_seconds || excluded.stage_seconds,
        peak_memory_mb = coalesce(excluded.peak_memory_mb, night.peak_memory_mb),
        rows_in = excluded.rows_in,
        rows_kept = excluded.rows_kept,
        rows_quarantined = excluded.rows_quarantined,
        newest_rating_days = coalesce(excluded.newest_rating_days, night.newest_rating_days),
        training_id = coalesce(excluded.training_id, night.training_id),
        champion = coalesce(excluded.champion, night.champion),
        verdict = coalesce(excluded.verdict, night.verdict),
        decided_by = coalesce(excluded.decided_by, night.decided_by),
        ndcg_at_k = coalesce(excluded.ndcg_at_k, night.ndcg_at_k),
        recall_at_k = coalesce(excluded.recall_at_k, night.recall_at_k),
        version_id = coalesce(excluded.version_id, night.version_id),
        live_at = coalesce(excluded.live_at, night.live_at),
        viewers = coalesce(excluded.viewers, night.viewers),
        coverage = coalesce(excluded.coverage, night.coverage),
        churn = coalesce(excluded.churn, night.churn),
        score_deciles = coalesce(excluded.score_deciles, night.score_deciles),
        recorded_at = excluded.recorded_at;
