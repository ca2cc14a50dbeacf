-- What a night was like and who was told: rows that outlive the batches, trainings and versions they are about.

create or replace view ops.run_batch as
with batch_run as (
    select
        'movierec_ingest' as dag_id,
        batch.run_id,
        batch.batch_id
    from ops.batch
    union all
    select
        'movierec_train' as dag_id,
        training.run_id,
        training.batch_id
    from ml.training
    union all
    select
        'movierec_publish' as dag_id,
        version.run_id,
        training.batch_id
    from serving.version
    inner join ml.training on version.training_id = training.training_id
)

select
    dag_id,
    run_id,
    max(batch_id) as batch_id
from batch_run
group by dag_id, run_id;
comment on view ops.run_batch is 'Which batch a run of a DAG works on, once it has one. Grain: DAG and run.';

create table if not exists ops.notice (
    notice_id bigint generated always as identity primary key,
    kind text not null check (kind in ('failure', 'question', 'deadline', 'drift')),
    dag_id text not null,
    task_id text,
    map_index integer not null default -1,
    run_id text not null,
    night timestamptz,
    batch_id bigint,
    message text not null,
    link text,
    noted_at timestamptz not null default clock_timestamp(),
    sent_to text,
    sent_at timestamptz,
    sending_error text
);
create index if not exists notice_noted_at on ops.notice (noted_at);
comment on table ops.notice is
'What somebody should know, one line each: failures, questions that wait, missed deadlines, drift. Grain: notice.';
comment on column ops.notice.night is 'As of when the night is: that of the batch, else of the run.';
comment on column ops.notice.sent_to is
'The Airflow connection that it was sent through besides the log and this row; null where none is set.';
comment on column ops.notice.sending_error is 'Why sending failed; null where it did not.';

create table if not exists ops.night (
    batch_id bigint primary key,
    as_of timestamptz not null,
    dataset text not null,
    status text not null,
    is_change_accepted boolean not null,
    ingest_seconds double precision,
    train_seconds double precision,
    publish_seconds double precision,
    stage_seconds jsonb not null default '{}',
    peak_memory_mb double precision,
    rows_in bigint,
    rows_kept bigint,
    rows_quarantined bigint,
    newest_rating_days double precision,
    training_id bigint,
    champion text,
    verdict text,
    decided_by text,
    ndcg_at_k double precision,
    recall_at_k double precision,
    version_id bigint,
    live_at timestamptz,
    viewers bigint,
    coverage double precision,
    churn double precision,
    score_deciles double precision[],
    recorded_at timestamptz not null default clock_timestamp()
);
comment on table ops.night is
'What a night was like: times, rows, champion, metrics, lists; for dashboards, too. Grain: batch; it stays when the
batch is deleted. Columns are only ever added.';
comment on column ops.night.stage_seconds is
'Seconds by DAG and task, such as movierec_ingest.extract; of mapped tasks from the first start to the last end.';
comment on column ops.night.ingest_seconds is 'From the start of the first task of the run to the end of the last.';
comment on column ops.night.peak_memory_mb is
'Memory of the largest task, processes that it waited for included, with what it shares with other tasks.';
comment on column ops.night.rows_in is 'Rows of the batch in raw, those of earlier nights that it still sees included.';
comment on column ops.night.newest_rating_days is 'How old the newest rating was, as of the night.';
comment on column ops.night.ndcg_at_k is 'Of the champion on the test window that decides, at 10.';
comment on column ops.night.viewers is 'How many viewers have a list.';
comment on column ops.night.coverage is 'Share of the catalogue that is among the first 10 of anybody''s list.';
comment on column ops.night.churn is
'Share of the first 10 places of the lists with other movies than in the version before, over the viewers of both.';
comment on column ops.night.score_deciles is 'The nine values that divide the scores of the lists into tenths.';

create table if not exists ops.night_stage (
    batch_id bigint not null,
    dag_id text not null,
    task_id text not null,
    map_index integer not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    peak_memory_mb double precision not null,
    primary key (batch_id, dag_id, task_id, map_index)
);
comment on table ops.night_stage is
'When each task of a night ran that succeeded, and how much memory it took. Grain: batch, DAG, task and map index.';

create table if not exists ops.night_share (
    batch_id bigint not null,
    distribution text not null,
    bucket text not null,
    share double precision not null check (share between 0 and 1),
    primary key (batch_id, distribution, bucket)
);
comment on table ops.night_share is
'How what a night brought, and what its lists hold, is distributed. Grain: batch, distribution and bucket; the shares
of a distribution add up to 1.';

create or replace view ops.night_history as
select
    night.batch_id,
    earlier.batch_id as earlier_batch_id
from ops.night
cross join lateral (
    select before.batch_id
    from ops.night as before
    where
        before.dataset = night.dataset
        and before.status = 'accepted'
        and (before.as_of, before.batch_id) < (night.as_of, night.batch_id)
        and not exists (
            select 1
            from ops.night as change
            where
                change.is_change_accepted
                and change.dataset = night.dataset
                and (change.as_of, change.batch_id) > (before.as_of, before.batch_id)
                and (change.as_of, change.batch_id) <= (night.as_of, night.batch_id)
        )
    order by before.as_of desc, before.batch_id desc
    limit 14
) as earlier;
comment on view ops.night_history is
'The nights that a night is compared with: the last 14 accepted ones of the same dataset, going back no further than the
last whose change an operator accepted. Grain: batch and earlier batch.';

create or replace view ops.night_drift as
with usual_share as (
    select
        night_history.batch_id,
        night_share.distribution,
        night_share.bucket,
        avg(night_share.share) as share
    from ops.night_history
    inner join ops.night_share on night_history.earlier_batch_id = night_share.batch_id
    group by night_history.batch_id, night_share.distribution, night_share.bucket
),

share_pair as (
    select
        coalesce(night_share.batch_id, usual_share.batch_id) as batch_id,
        coalesce(night_share.distribution, usual_share.distribution) as distribution,
        -- a bucket that is empty on one side would make the index infinite
        greatest(coalesce(night_share.share, 0), 0.0001) as share,
        greatest(coalesce(usual_share.share, 0), 0.0001) as usual
    from ops.night_share
    full join usual_share
        on
            night_share.batch_id = usual_share.batch_id
            and night_share.distribution = usual_share.distribution
            and night_share.bucket = usual_share.bucket
)

select
    share_pair.batch_id,
    share_pair.distribution,
    sum((share_pair.share - share_pair.usual) * ln(share_pair.share / share_pair.usual)) as psi
from share_pair
where
    exists (
        select 1 from ops.night_share
        where night_share.batch_id = share_pair.batch_id and night_share.distribution = share_pair.distribution
    )
    and exists (
        select 1 from usual_share
        where usual_share.batch_id = share_pair.batch_id and usual_share.distribution = share_pair.distribution
    )
group by share_pair.batch_id, share_pair.distribution;
comment on view ops.night_drift is
'How far each distribution of a night is from the mean of the nights before: the population stability index, sum of
(share − usual) × ln(share / usual). Under 0.1 it is small, from 0.25 it is large. Grain: batch and distribution.';

-- What may differ, and by how much. Around the median of the nights before lies the largest of spread × the scaled
-- median absolute deviation, a share of the median, and an amount; without five nights, or where that allows nothing,
-- highest stands alone. A side that is not bound allows all.
create or replace view ops.night_rule as
select
    measure,
    dag_id,
    sentence,
    is_bound_below,
    is_bound_above,
    spread::double precision as spread,
    share::double precision as share,
    amount::double precision as amount,
    highest::double precision as highest
from (
    values
    ('ingest_seconds', 'movierec_ingest', 'seconds of ingestion', false, true, 5, 1, 60, null),
    ('rows_in', 'movierec_ingest', 'rows in', true, true, 5, 0.25, 50, null),
    ('quarantined_share', 'movierec_ingest', 'share of rows in quarantine', false, true, 5, 0, 0.005, null),
    ('newest_rating_days', 'movierec_ingest', 'days since the newest rating', false, true, 5, 0, 3, null),
    ('psi_of_stars', 'movierec_ingest', 'drift of the ratings', false, true, 5, 0, 0.1, 0.25),
    ('psi_of_activity', 'movierec_ingest', 'drift of how much viewers rate', false, true, 5, 0, 0.1, 0.25),
    ('psi_of_genres', 'movierec_ingest', 'drift of the genres that are rated', false, true, 5, 0, 0.1, 0.25),
    ('train_seconds', 'movierec_train', 'seconds of the training', false, true, 5, 1, 300, null),
    ('ndcg_at_k', 'movierec_train', 'NDCG@10 of the champion', true, false, 5, 0.2, 0.005, null),
    ('publish_seconds', 'movierec_publish', 'seconds of publishing', false, true, 5, 1, 60, null),
    ('viewers', 'movierec_publish', 'viewers with a list', true, true, 5, 0.25, 10, null),
    ('coverage', 'movierec_publish', 'share of the catalogue in the lists', true, true, 5, 0.5, 0.02, null),
    ('churn', 'movierec_publish', 'share of the lists that is new', false, true, 5, 0.5, 0.2, 0.8),
    ('psi_of_scores', 'movierec_publish', 'drift of the scores', false, true, 5, 0, 0.1, 0.25),
    ('psi_of_lists', 'movierec_publish', 'drift of how popular listed movies are', false, true, 5, 0, 0.1, 0.25),
    ('peak_memory_mb', 'movierec_publish', 'megabytes of the largest task', false, true, 5, 0.5, 512, null)
) as rules (measure, dag_id, sentence, is_bound_below, is_bound_above, spread, share, amount, highest);
comment on view ops.night_rule is 'Which measures of a night have bounds, and how they are made. Grain: measure.';

create or replace view ops.night_measure as
select
    night.batch_id,
    measure.measure,
    measure.value
from ops.night
cross join
    lateral (
        values
        ('ingest_seconds', night.ingest_seconds),
        ('train_seconds', night.train_seconds),
        ('publish_seconds', night.publish_seconds),
        ('peak_memory_mb', night.peak_memory_mb),
        ('rows_in', night.rows_in::double precision),
        ('quarantined_share', night.rows_quarantined / nullif(night.rows_in, 0)::double precision),
        ('newest_rating_days', night.newest_rating_days),
        ('ndcg_at_k', night.ndcg_at_k),
        ('viewers', night.viewers::double precision),
        ('coverage', night.coverage),
        ('churn', night.churn)
    ) as measure (measure, value)
where measure.value is not null
union all
select
    batch_id,
    'psi_of_' || distribution as measure,
    psi as value
from ops.night_drift;
comment on view ops.night_measure is 'The numbers of each night that have bounds. Grain: batch and measure.';

create or replace view ops.night_bound as
with usual_measure as (
    select
        night_measure.batch_id,
        night_measure.measure,
        night_measure.value,
        history.nights,
        history.usual,
        (
            select 1.4826 * percentile_cont(0.5) within group (order by abs(past_value - history.usual))
            from unnest(history.past_values) as past_value
        ) as deviation
    from ops.night_measure
    cross join lateral (
        select
            count(*) as nights,
            percentile_cont(0.5) within group (order by past_measure.value) as usual,
            array_agg(past_measure.value) as past_values
        from ops.night_history
        inner join ops.night_measure as past_measure on night_history.earlier_batch_id = past_measure.batch_id
        where night_history.batch_id = night_measure.batch_id and past_measure.measure = night_measure.measure
    ) as history
),

allowed_measure as (
    select
        usual_measure.*,
        night_rule.dag_id,
        night_rule.sentence,
        night_rule.is_bound_below,
        night_rule.is_bound_above,
        night_rule.highest,
        case
            when usual_measure.nights >= 5
                then greatest(
                    night_rule.spread * usual_measure.deviation,
                    night_rule.share * abs(usual_measure.usual),
                    night_rule.amount
                )
        end as allowed
    from usual_measure
    inner join ops.night_rule on usual_measure.measure = night_rule.measure
),

bounded_measure as (
    select
        allowed_measure.*,
        case when allowed_measure.is_bound_below then allowed_measure.usual - allowed_measure.allowed end as lower,
        case
            when allowed_measure.is_bound_above
                then
                    coalesce(
                        greatest(allowed_measure.usual + allowed_measure.allowed, allowed_measure.highest),
                        allowed_measure.highest
                    )
        end as upper
    from allowed_measure
)

select
    batch_id,
    dag_id,
    measure,
    sentence,
    value,
    usual,
    nights,
    lower,
    upper,
    coalesce(value >= coalesce(lower, '-infinity') and value <= coalesce(upper, 'infinity'), true) as is_within
from bounded_measure;
comment on view ops.night_bound is
'The numbers of each night and what is usual: median ± k · MAD of the nights before. Grain: batch and measure.
A bound that is null allows all.';
