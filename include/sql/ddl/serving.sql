-- What readers see. Lists are appended under a new version; a one-row pointer names the live version, so that a
-- reader sees all of one audited version or all of another, and nobody waits. Titles are kept with the version: what
-- happens to the catalogue meanwhile changes no list that is live.
create schema if not exists serving;

create table if not exists serving.version (
    version_id bigint generated always as identity primary key,
    run_id text not null,
    training_id bigint not null,
    ranker text not null,
    list_length integer not null,
    status text not null default 'building' check (status in ('building', 'rejected', 'audited', 'published')),
    opened_at timestamptz not null default now(),
    published_at timestamptz
);
alter table serving.version add column if not exists candidates integer not null default 0;
comment on table serving.version is
'A set of lists. building, then rejected or audited, then published; a published version never changes again.';
comment on column serving.version.candidates is
'How many movies are kept for a viewer beyond the list, from which filters fill a page.';

alter table serving.version add column if not exists code_version text;
alter table serving.version add column if not exists parameters jsonb;
alter table serving.version add column if not exists failed_checks jsonb not null default '{}';
comment on column serving.version.code_version is 'The git commit of the code that opened it, as set-up recorded it.';
comment on column serving.version.parameters is 'The hyper-parameters of its ranker; null until it is fitted.';
comment on column serving.version.failed_checks is
'What its last audit found wrong, and how often; empty where nothing.';

create table if not exists serving.live (
    only_row boolean primary key default true check (only_row),
    version_id bigint not null references serving.version,
    since timestamptz not null default now()
);
comment on table serving.live is 'The pointer: the version that readers see.';

create table if not exists serving.recommendation (
    version_id bigint not null references serving.version on delete cascade,
    user_id bigint not null,
    rank integer not null,
    movie_id bigint not null,
    title text not null,
    release_year integer,
    score double precision not null,
    because_movie_id bigint,
    reason text not null,
    primary key (version_id, user_id, rank)
);
comment on table serving.recommendation is
'Personal lists of every version. Readers use serving.live_recommendation.';

create table if not exists serving.similar_movie (
    version_id bigint not null references serving.version on delete cascade,
    movie_id bigint not null,
    rank integer not null,
    similar_movie_id bigint not null,
    title text not null,
    release_year integer,
    score double precision not null,
    primary key (version_id, movie_id, rank)
);
comment on table serving.similar_movie is 'Similar movies of every version. Readers use serving.live_similar_movie.';

create table if not exists serving.fallback (
    version_id bigint not null references serving.version on delete cascade,
    rank integer not null,
    movie_id bigint not null,
    title text not null,
    release_year integer,
    score double precision not null,
    reason text not null,
    primary key (version_id, rank)
);
-- lists of earlier versions, whose reason was the same for every movie
alter table serving.fallback add column if not exists reason text not null default 'Popular with everyone';
alter table serving.fallback alter column reason drop default;
comment on table serving.fallback is
'The list for viewers without one of their own, per version. Readers use serving.live_fallback.';

create table if not exists serving.candidate (
    version_id bigint not null references serving.version on delete cascade,
    user_id bigint not null,
    movie_ids bigint[] not null,
    primary key (version_id, user_id)
);
comment on table serving.candidate is
'The movies that follow a viewer''s list, best first: serving.recommend fills pages from them where filters, or what the
viewer has seen meanwhile, leave too few of the list. Grain: version and viewer.';

-- A delta replaces the lists of some viewers of a live version, so that what they said counts before the next night.
create table if not exists serving.delta (
    delta_id bigint generated always as identity primary key,
    version_id bigint not null references serving.version on delete cascade,
    run_id text not null,
    status text not null default 'building' check (status in ('building', 'rejected', 'audited', 'published')),
    seen pg_snapshot,
    opened_at timestamptz not null default now(),
    published_at timestamptz
);
create index if not exists delta_version on serving.delta (version_id);
comment on table serving.delta is
'New lists for the viewers who gave feedback since their version, or its last delta, was made. building, then rejected
or audited, then published; a published delta never changes again. Grain: one run for one version.';
comment on column serving.delta.seen is
'The transactions whose feedback the lists know; a clock would not tell what was committed late. Null until written.';

create table if not exists serving.delta_viewer (
    version_id bigint not null,
    user_id bigint not null,
    delta_id bigint not null references serving.delta on delete cascade,
    candidate_ids bigint[] not null,
    primary key (version_id, user_id, delta_id)
);
create index if not exists delta_viewer_delta on serving.delta_viewer (delta_id);
comment on table serving.delta_viewer is
'Whose lists a delta replaces, and the movies that follow the list. Grain: delta and viewer.';

create table if not exists serving.delta_recommendation (
    delta_id bigint not null references serving.delta on delete cascade,
    user_id bigint not null,
    rank integer not null,
    movie_id bigint not null,
    title text not null,
    release_year integer,
    score double precision not null,
    because_movie_id bigint,
    reason text not null,
    primary key (delta_id, user_id, rank)
);
comment on table serving.delta_recommendation is
'Personal lists of deltas. Readers use serving.live_recommendation. Grain: delta, viewer and rank.';

alter table serving.live add column if not exists delta_id bigint;
alter table serving.live add column if not exists delta_since timestamptz;
comment on column serving.live.delta_id is
'The newest delta of the version that readers see; null where none has been published.';

create or replace view ops.shown_delta as
select
    delta_viewer.version_id,
    delta_viewer.user_id,
    max(delta_viewer.delta_id) as delta_id
from serving.live
inner join serving.delta_viewer
    on live.version_id = delta_viewer.version_id and live.delta_id >= delta_viewer.delta_id
inner join serving.delta on delta_viewer.delta_id = delta.delta_id and delta.status = 'published'
group by delta_viewer.version_id, delta_viewer.user_id;
comment on view ops.shown_delta is
'The delta of the live version that has the list of a viewer; none where the list is the version''s. Grain: viewer.';

create or replace view serving.live_recommendation as
select
    recommendation.user_id,
    recommendation.rank,
    recommendation.movie_id,
    recommendation.title,
    recommendation.release_year,
    recommendation.score,
    recommendation.reason,
    recommendation.because_movie_id,
    live.version_id
from serving.live
inner join serving.recommendation on live.version_id = recommendation.version_id
where
    not exists (
        select 1 from ops.shown_delta
        where shown_delta.user_id = recommendation.user_id
    )
union all
select
    delta_recommendation.user_id,
    delta_recommendation.rank,
    delta_recommendation.movie_id,
    delta_recommendation.title,
    delta_recommendation.release_year,
    delta_recommendation.score,
    delta_recommendation.reason,
    delta_recommendation.because_movie_id,
    shown_delta.version_id
from ops.shown_delta
inner join serving.delta_recommendation
    on shown_delta.delta_id = delta_recommendation.delta_id and shown_delta.user_id = delta_recommendation.user_id;
comment on view serving.live_recommendation is
'The live list of every active viewer, best first. Grain: viewer and rank. Columns are only ever added.';
comment on column serving.live_recommendation.score is
'Only the order means something; scores of two viewers do not compare.';
comment on column serving.live_recommendation.reason is 'Why the movie is there, as a sentence for the viewer.';
comment on column serving.live_recommendation.because_movie_id is
'The movie of the viewer''s own history that speaks most for this one; null where none does.';

create or replace view serving.live_similar_movie as
select
    similar_movie.movie_id,
    similar_movie.rank,
    similar_movie.similar_movie_id,
    similar_movie.title as similar_title,
    similar_movie.release_year as similar_release_year,
    similar_movie.score,
    live.version_id
from serving.live
inner join serving.similar_movie on live.version_id = similar_movie.version_id;
comment on view serving.live_similar_movie is 'Movies like each movie, the most similar first. Grain: movie and rank.';

create or replace view serving.live_fallback as
select
    fallback.rank,
    fallback.movie_id,
    fallback.title,
    fallback.release_year,
    fallback.score,
    live.version_id,
    fallback.reason
from serving.live
inner join serving.fallback on live.version_id = fallback.version_id;
comment on view serving.live_fallback is 'The list for viewers without one of their own. Grain: rank.';
comment on column serving.live_fallback.reason is 'Why the movie is there, as a sentence for the viewer.';

create or replace view serving.freshness as
select
    version.version_id,
    version.ranker,
    version.published_at,
    live.since,
    training.training_id,
    training.batch_id,
    batch.dataset,
    now() - version.published_at as age,
    batch.as_of,
    live.delta_id,
    live.delta_since
from serving.live
inner join serving.version on live.version_id = version.version_id
left join ml.training on version.training_id = training.training_id
left join ops.batch on training.batch_id = batch.batch_id;
comment on view serving.freshness is 'The live version, how old it is and what it was made of. One row.';
comment on column serving.freshness.as_of is 'The moment up to which the version knows what happened.';
comment on column serving.freshness.delta_since is 'When lists were last replaced because of feedback.';
