-- Where a list comes from: from a row of it to version, model, parameters, snapshot, batches, quality and code.
create or replace view ops.version_lineage as
-- as movierec.training.folder lays it out
with training_folder as (
    select
        training.training_id,
        'trainings/' || lpad(training.training_id::text, greatest(6, length(training.training_id::text)), '0') as path
    from ml.training
),

batch_origin as (
    select
        batch_slice.batch_id,
        array_agg(distinct slice.batch_id order by slice.batch_id) as batches,
        array_agg(distinct slice.source order by slice.source) as sources
    from ops.batch_slice
    inner join ops.slice on batch_slice.slice_id = slice.slice_id
    group by batch_slice.batch_id
),

batch_quality as (
    select
        quality_result.batch_id,
        count(*) as checks,
        jsonb_agg(
            quality_result.suite || '.' || quality_result.expectation
            order by quality_result.suite, quality_result.expectation
        ) filter (where not quality_result.passed) as failed_expectations
    from ops.quality_result
    group by quality_result.batch_id
)

select
    version.version_id,
    version.status,
    version.published_at,
    coalesce(live.version_id = version.version_id, false) as is_live,
    version.ranker,
    training_folder.path || '/final/' || version.ranker as model,
    version.parameters,
    training.training_id,
    training.seed,
    training_folder.path || '/snapshot' as snapshot,
    training.batch_id,
    batch.dataset,
    batch.as_of,
    batch_origin.batches,
    batch_origin.sources,
    coalesce(batch_quality.checks, 0) as checks,
    coalesce(batch_quality.failed_expectations, '[]') as failed_expectations,
    version.code_version,
    training.code_version as training_code_version,
    batch.code_version as batch_code_version
from serving.version
left join serving.live on true
left join ml.training on version.training_id = training.training_id
left join training_folder on version.training_id = training_folder.training_id
left join ops.batch on training.batch_id = batch.batch_id
left join batch_origin on training.batch_id = batch_origin.batch_id
left join batch_quality on training.batch_id = batch_quality.batch_id;
comment on view ops.version_lineage is
'What each version was made of: model, hyper-parameters, snapshot, batches, quality results, code. Grain: version.';
comment on column ops.version_lineage.model is 'Its folder in the artifact store, as snapshot is.';
comment on column ops.version_lineage.batches is
'The nights that loaded the slices of its batch: what has not changed is not loaded again.';
comment on column ops.version_lineage.checks is 'How many expectations were checked of its batch, in all gates.';

create or replace view ops.list_lineage as
with list_row as (
    select
        recommendation.version_id,
        null::bigint as delta_id,
        recommendation.user_id,
        recommendation.rank,
        recommendation.movie_id,
        recommendation.reason,
        recommendation.because_movie_id
    from serving.recommendation
    union all
    select
        delta.version_id,
        delta.delta_id,
        delta_recommendation.user_id,
        delta_recommendation.rank,
        delta_recommendation.movie_id,
        delta_recommendation.reason,
        delta_recommendation.because_movie_id
    from serving.delta
    inner join serving.delta_recommendation on delta.delta_id = delta_recommendation.delta_id
)

select
    list_row.user_id,
    list_row.rank,
    list_row.movie_id,
    list_row.reason,
    list_row.because_movie_id,
    list_row.delta_id,
    version_lineage.version_id,
    version_lineage.status,
    version_lineage.published_at,
    version_lineage.is_live,
    version_lineage.ranker,
    version_lineage.model,
    version_lineage.parameters,
    version_lineage.training_id,
    version_lineage.seed,
    version_lineage.snapshot,
    version_lineage.batch_id,
    version_lineage.dataset,
    version_lineage.as_of,
    version_lineage.batches,
    version_lineage.sources,
    version_lineage.checks,
    version_lineage.failed_expectations,
    version_lineage.code_version,
    version_lineage.training_code_version,
    version_lineage.batch_code_version
from list_row
inner join ops.version_lineage on list_row.version_id = version_lineage.version_id;
comment on view ops.list_lineage is
'Every row of every kept list with all that it was made of. Grain: version or delta, viewer and rank.';
comment on column ops.list_lineage.delta_id is 'The delta whose list it is; null: the list of the version.';
