-- What was learned from what, how well it did, and why it was chosen.
create schema if not exists ml;

create table if not exists ml.training (
    training_id bigint generated always as identity primary key,
    run_id text not null unique,
    batch_id bigint not null,
    seed integer not null,
    created_at timestamptz not null default now()
);
comment on table ml.training is
'One training. Grain: one Airflow run of movierec_train. Its artifacts: trainings/<training_id> in the store.';

alter table ml.training add column if not exists code_version text;
alter table ml.training add column if not exists refit_due_at timestamptz;
comment on column ml.training.refit_due_at is
'Since when its models are to be made anew, because they learned from a viewer who has been forgotten; else null.';
comment on column ml.training.code_version is 'The git commit of the code that opened it, as set-up recorded it.';

create table if not exists ml.evaluation (
    training_id bigint not null references ml.training on delete cascade,
    ranker text not null,
    k integer not null,
    users integer not null,
    precision_at_k double precision not null,
    recall_at_k double precision not null,
    f1_at_k double precision not null,
    ndcg_at_k double precision not null,
    coverage_at_k double precision not null,
    fit_seconds double precision not null,
    score_seconds double precision not null,
    primary key (training_id, ranker, k)
);
comment on table ml.evaluation is
'Quality of a ranker on the test window: means over the viewers who have a relevant rating there. Full ranking.';
-- Where nobody liked a movie of the test window there is no mean.
alter table ml.evaluation
alter column precision_at_k drop not null,
alter column recall_at_k drop not null,
alter column f1_at_k drop not null,
alter column ndcg_at_k drop not null;
comment on column ml.evaluation.ndcg_at_k is 'Null, as the other means, where nobody could be evaluated.';
comment on column ml.evaluation.coverage_at_k is 'Share of the catalogue that appears in at least one list.';

create table if not exists ml.user_metric (
    training_id bigint not null references ml.training on delete cascade,
    ranker text not null,
    k integer not null,
    user_id bigint not null,
    precision_at_k double precision not null,
    recall_at_k double precision not null,
    f1_at_k double precision not null,
    ndcg_at_k double precision not null,
    primary key (training_id, ranker, k, user_id)
);
-- Earlier versions kept the values of one protocol.
do $$
begin
    if not exists (
        select from information_schema.columns
        where table_schema = 'ml' and table_name = 'user_metric' and column_name = 'protocol'
    ) then
        alter table ml.user_metric add column protocol text not null default 'per_user_temporal';
        alter table ml.user_metric alter column protocol drop default;
        alter table ml.user_metric drop constraint user_metric_pkey;
        alter table ml.user_metric add primary key (training_id, protocol, ranker, k, user_id);
    end if;
end;
$$;
comment on table ml.user_metric is
'The same metrics per viewer, for paired comparisons, under each protocol.
Grain: training, protocol, ranker, k and viewer.';

create table if not exists ml.champion (
    training_id bigint primary key references ml.training on delete cascade,
    ranker text not null,
    reason text not null,
    decided_at timestamptz not null default now()
);
comment on table ml.champion is 'The winner of a training and why. Grain: one training.';

create table if not exists ml.metric (
    training_id bigint not null references ml.training on delete cascade,
    protocol text not null,
    ranker text not null,
    k integer not null,
    metric text not null,
    dimension text not null,
    stratum text not null,
    value double precision not null,
    low double precision,
    high double precision,
    users integer not null,
    primary key (training_id, protocol, ranker, k, metric, dimension, stratum)
);
comment on table ml.metric is
'Every metric of a ranker with its 95 % interval, over all evaluated viewers and over groups of them.
Grain: protocol, ranker, k, metric and stratum; dimension all has the one stratum all.';
comment on column ml.metric.protocol is
'per_user_temporal: the last fifth of every viewer''s ratings is asked about; it alone decides. '
'global_temporal: all ratings after one moment are.';
comment on column ml.metric.low is 'Of the percentile bootstrap over viewers; null where a metric is not a mean.';

create table if not exists ml.refused (
    training_id bigint not null references ml.training on delete cascade,
    ranker text not null,
    reason text not null,
    primary key (training_id, ranker)
);
comment on table ml.refused is
'Rankers that could not be fitted, scored no numbers or were switched off. Grain: training and ranker.';

create table if not exists ml.left_out (
    training_id bigint not null references ml.training on delete cascade,
    ranker text not null,
    base_ranker text not null,
    reason text not null,
    protocol text not null default 'per_user_temporal',
    primary key (training_id, protocol, ranker, base_ranker)
);
comment on table ml.left_out is
'Base rankers that a learned ranker went on without, because they could not be fitted on the known side of a split, and
why. Grain: training, protocol, learned ranker and base ranker.';
do $$
begin
    if not exists (
        select 1 from information_schema.columns
        where table_schema = 'ml' and table_name = 'left_out' and column_name = 'protocol'
    ) then
        alter table ml.left_out add column protocol text not null default 'per_user_temporal';
        alter table ml.left_out drop constraint left_out_pkey;
        alter table ml.left_out add primary key (training_id, protocol, ranker, base_ranker);
    end if;
end
$$;

create table if not exists ml.tuned (
    dataset text not null,
    ranker text not null,
    training_id bigint not null references ml.training on delete cascade,
    parameters jsonb not null,
    value double precision,
    trials integer not null,
    tuned_at timestamptz not null default now(),
    primary key (dataset, ranker, training_id)
);
comment on table ml.tuned is
'Hyper-parameters that a search on the validation window settled on; the newest row of a dataset and ranker holds.
Grain: dataset, ranker and training that tuned.';
comment on column ml.tuned.value is 'NDCG@10 on the inner window of the known side.';

create or replace view ml.leaderboard as
with ndcg_metric as (
    select
        training_id,
        ranker,
        k,
        protocol,
        value,
        low,
        high
    from ml.metric
    where metric = 'ndcg' and dimension = 'all'
),

latest_search as (
    select distinct on (training.training_id, tuned.ranker)
        training.training_id,
        tuned.ranker,
        tuned.training_id as tuned_in,
        tuned.parameters,
        tuned.trials
    from ml.training
    inner join ops.batch on training.batch_id = batch.batch_id
    inner join ml.tuned on batch.dataset = tuned.dataset and training.training_id >= tuned.training_id
    order by training.training_id asc, tuned.ranker asc, tuned.training_id desc
)

select
    evaluation.training_id,
    evaluation.ranker,
    evaluation.k,
    evaluation.ndcg_at_k,
    per_user.low as ndcg_low,
    per_user.high as ndcg_high,
    global.value as global_ndcg_at_k,
    global.low as global_ndcg_low,
    global.high as global_ndcg_high,
    evaluation.recall_at_k,
    evaluation.precision_at_k,
    evaluation.f1_at_k,
    evaluation.coverage_at_k,
    evaluation.fit_seconds,
    coalesce(latest_search.parameters, '{}'::jsonb) as tuned_parameters,
    coalesce(latest_search.trials, 0) as trials,
    latest_search.tuned_in,
    coalesce(
        (select string_agg(name, ', ' order by name) from jsonb_object_keys(latest_search.parameters) as name), 'none'
    ) as tuned
from ml.evaluation
left join ndcg_metric as per_user
    on
        evaluation.training_id = per_user.training_id
        and evaluation.ranker = per_user.ranker
        and evaluation.k = per_user.k
        and per_user.protocol = 'per_user_temporal'
left join ndcg_metric as global
    on
        evaluation.training_id = global.training_id
        and evaluation.ranker = global.ranker
        and evaluation.k = global.k
        and global.protocol = 'global_temporal'
left join latest_search
    on evaluation.training_id = latest_search.training_id and evaluation.ranker = latest_search.ranker;
comment on view ml.leaderboard is
'How good each ranker of a training is, under both splits, and which of its hyper-parameters a search has settled.
Grain: training, ranker and k.';
comment on column ml.leaderboard.tuned is
'Names of the hyper-parameters whose values come from a search; none: the ranker has its defaults.';
comment on column ml.leaderboard.tuned_in is 'The training that made the search, this one or an earlier one.';

create table if not exists ml.trial (
    training_id bigint not null references ml.training on delete cascade,
    ranker text not null,
    trial integer not null,
    parameters jsonb not null,
    value double precision,
    error text,
    seconds double precision not null,
    primary key (training_id, ranker, trial),
    check ((value is null) <> (error is null))
);
comment on table ml.trial is
'What a search tried: its study, from which the next search of the same dataset starts.
Grain: training, ranker and trial; a trial that failed has an error instead of a value.';

create table if not exists ml.decision (
    training_id bigint primary key references ml.training on delete cascade,
    challenger text,
    champion text,
    verdict text not null check (verdict in ('promote', 'keep', 'ask')),
    reason text not null,
    lead_mean double precision,
    lead_low double precision,
    lead_high double precision,
    p double precision,
    guardrails jsonb not null,
    ranker text,
    decided_by text not null,
    decided_at timestamptz not null default now()
);
alter table ml.decision add column if not exists protocol text not null default 'per_user_temporal';
comment on table ml.decision is 'Challenger against reigning champion: the verdict and why. Grain: one training.';
comment on column ml.decision.protocol is 'How the ratings were split by which rankers were compared.';
comment on column ml.decision.champion is
'The reigning champion, fitted on the same data if that could be done; null where there is none.';
comment on column ml.decision.p is 'Of the lead, two-sided, adjusted by Holm over all challengers.';
comment on column ml.decision.ranker is 'What became champion; null while a person is asked.';
comment on column ml.decision.decided_by is 'rules, timeout, or who answered.';

create table if not exists ml.question (
    training_id bigint primary key references ml.training on delete cascade,
    question text not null,
    asked_at timestamptz not null default now()
);
comment on table ml.question is
'What a person was asked about a training, as Airflow shows it. Grain: one training.';

create table if not exists ml.store_mark (
    mark text primary key,
    made_at timestamptz not null default now()
);
comment on table ml.store_mark is
'What this warehouse has left in its artifact store, by which it knows the store as its own. Grain: training, restore.';

create table if not exists ml.feedback_weight (
    kind text primary key,
    weight real not null check (weight between 0 and 1),
    is_verdict boolean not null,
    meaning text not null
);
comment on table ml.feedback_weight is
'How much feedback says about what a viewer wants, where they gave no rating. Change a weight here, then train again.
Grain: one kind of feedback; kinds that are not listed are not learned from.';
comment on column ml.feedback_weight.weight is '0 to 1; a liked movie has 1, and 0.5 or more counts as liked.';
comment on column ml.feedback_weight.is_verdict is
'Says whether the movie was liked: the last verdict outweighs the rest.';
insert into ml.feedback_weight (kind, weight, is_verdict, meaning)
values
('like', 1, true, 'pressed like'),
('dislike', 0, true, 'pressed dislike: not recommended again, and no sign of taste'),
('view', 0.3, false, 'watched'),
('click', 0.1, false, 'opened the page of the movie'),
('dismiss', 0, true, 'said not interested: not recommended again, and no sign of taste')
on conflict (kind) do nothing;
