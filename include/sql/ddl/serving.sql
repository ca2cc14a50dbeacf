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
comment on table serving.version is
'A set of lists. building, then rejected or audited, then published; a published version never changes again.';

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
inner join serving.recommendation on live.version_id = recommendation.version_id;
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
    now() - version.published_at as age
from serving.live
inner join serving.version on live.version_id = version.version_id
left join ml.training on version.training_id = training.training_id
left join ops.batch on training.batch_id = batch.batch_id;
comment on view serving.freshness is 'The live version, how old it is and what it was made of. One row.';

-- recommend.viewer is the function's parameter, not a column of a table
-- noqa: disable=RF01
create or replace function serving.recommend(viewer bigint, k integer default 10)
returns table (rank bigint, movie_id bigint, title text, reason text)
language sql stable
begin atomic
    with offered_movie as (
        select
            live_recommendation.rank,
            live_recommendation.movie_id,
            live_recommendation.title,
            live_recommendation.reason
        from serving.live_recommendation
        where live_recommendation.user_id = recommend.viewer
        union all
        select
            live_fallback.rank,
            live_fallback.movie_id,
            live_fallback.title,
            live_fallback.reason
        from serving.live_fallback
        where not exists (
            select 1
            from serving.live_recommendation
            where live_recommendation.user_id = recommend.viewer
        )
    )

    select
        row_number() over (order by offered_movie.rank) as rank,
        offered_movie.movie_id,
        offered_movie.title,
        offered_movie.reason
    from offered_movie
    where
        not exists (
            select 1
            from core.ratings
            where ratings.user_id = recommend.viewer and ratings.movie_id = offered_movie.movie_id
        )
        and not exists (
            select 1
            from core.events
            inner join ml.feedback_weight on events.kind = feedback_weight.kind
            where events.user_id = recommend.viewer and events.movie_id = offered_movie.movie_id
        )
    order by rank
    limit k;
end;
comment on function serving.recommend is
'The best k movies for a viewer: the personal list, else the fallback list, less what the viewer has rated, liked,
disliked, watched or opened since it was made.';
