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
comment on table ml.user_metric is 'The same metrics per viewer, for paired comparisons.';

create table if not exists ml.champion (
    training_id bigint primary key references ml.training on delete cascade,
    ranker text not null,
    reason text not null,
    decided_at timestamptz not null default now()
);
comment on table ml.champion is 'The winner of a training and why. Grain: one training.';

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
comment on column ml.feedback_weight.is_verdict is 'Says whether the movie was liked: the last verdict outweighs the rest.';
insert into ml.feedback_weight (kind, weight, is_verdict, meaning)
values
('like', 1, true, 'pressed like'),
('dislike', 0, true, 'pressed dislike: not recommended again, and no sign of taste'),
('view', 0.3, false, 'watched'),
('click', 0.1, false, 'opened the page of the movie')
on conflict (kind) do nothing;
