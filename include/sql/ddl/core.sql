-- Conformed facts, one row a fact, no trace of the batch that brought them: two equal batches leave equal tables.
-- Applied twice: in the schema core, which shows the newest batch, and in the schema past, which shows an earlier one
-- for as long as it is needed. That is why no name here is qualified: the search path says which.
create table if not exists users (
    user_id bigint primary key,
    age smallint,
    age_group text,
    gender text,
    occupation text,
    postcode text
);
comment on table users is
'Every viewer who has a profile, a rating or an event. Grain: one viewer; attributes are null where no profile exists.';
comment on column users.age is
'Age in years. Where a source knows brackets alone, the first year of the bracket; MovieLens 1M writes 1 for under 18.';
comment on column users.age_group is 'Bracket of MovieLens 1M: under 18, 18-24, 25-34, 35-44, 45-49, 50-55, 56+.';
comment on column users.postcode is 'Upper case without spaces; of a ZIP+4 the first five digits.';

create table if not exists movies (
    movie_id bigint primary key,
    title text not null,
    original_title text,
    release_year integer,
    release_date date,
    runtime_minutes integer,
    imdb_id text,
    tmdb_id bigint,
    imdb_rating real,
    imdb_votes integer
);
comment on table movies is 'The catalogue. Grain: one movie; what sources say otherwise stands in movie_claim.';
comment on column movies.title is 'Title with its article in front and without its year: The Usual Suspects.';
comment on column movies.imdb_rating is 'Mean of IMDb''s votes, 1 to 10.';

create table if not exists movie_alias (
    alias_id bigint primary key,
    movie_id bigint not null
);
comment on table movie_alias is
'Ids that mean a movie which has another id here, by links to the same movie in IMDb or TMDB. Grain: one such id.';

create table if not exists movie_claim (
    movie_id bigint not null,
    attribute text not null,
    source text not null,
    value text not null,
    is_chosen boolean not null,
    primary key (movie_id, attribute, source)
);
comment on table movie_claim is 'What each source says about a movie. Grain: movie, attribute and source.';

create or replace view movie_disagreement as
select
    movie_id,
    attribute,
    jsonb_object_agg(source, value) as claims,
    max(value) filter (where is_chosen) as chosen
from movie_claim
group by movie_id, attribute
having count(distinct lower(value)) > 1;
comment on view movie_disagreement is
'Facts on which sources differ, and whose word was taken. Grain: movie and attribute.';

create table if not exists movie_genre (
    movie_id bigint not null,
    genre text not null,
    primary key (movie_id, genre)
);
comment on table movie_genre is 'Genres of a movie. Grain: movie and genre.';

create table if not exists person (
    person_id text primary key,
    name text
);
comment on table person is 'People with a credit. Grain: one person; the graph knows no names.';
comment on column person.person_id is
'nm… of IMDb, name:<name in lower case> of a credits file, or the entity of the graph.';

create table if not exists movie_person (
    movie_id bigint not null,
    person_id text not null,
    role text not null check (role in ('actor', 'director', 'writer')),
    billing integer,
    primary key (movie_id, role, person_id)
);
comment on table movie_person is
'Who made a movie, for each role from the best source that knows it. Grain: movie, role and person.';
comment on column movie_person.billing is
'Position in the credits of the role, from 1; null where the source has no order.';

create table if not exists movie_country (
    movie_id bigint not null,
    country_id text not null,
    primary key (movie_id, country_id)
);
comment on table movie_country is 'Where a movie was made. Grain: movie and country (entity id in the graph).';

create table if not exists genome (
    movie_id bigint not null,
    tag text not null,
    relevance real not null,
    primary key (movie_id, tag)
);
comment on table genome is
'How much a tag says about a movie, by a tag genome. Grain: movie and tag in lower case; the most relevant alone.';
comment on column genome.relevance is '0 to 1.';

create table if not exists ratings (
    user_id bigint not null,
    movie_id bigint not null,
    rating real not null,
    rated_at timestamptz not null,
    primary key (user_id, movie_id)
);
comment on table ratings is
'The latest rating of a viewer for a movie, from every source and from rating events. Grain: viewer and movie.';
comment on column ratings.rating is 'Stars, 0.5 to 5.';

create table if not exists tags (
    user_id bigint not null,
    movie_id bigint not null,
    tag text not null,
    tagged_at timestamptz not null,
    primary key (user_id, movie_id, tag)
);
comment on table tags is
'Words that viewers put on movies, in lower case. Grain: viewer, movie and tag; the latest time.';

create table if not exists events (
    source text not null,
    event_id text not null,
    user_id bigint not null,
    movie_id bigint not null,
    kind text not null,
    value real,
    occurred_at timestamptz not null,
    primary key (source, event_id)
);
-- who asks for recommendations is looked up here
create index if not exists events_user on events (user_id);
comment on table events is 'Feedback of viewers. Grain: one event of a source.';

create or replace view feedback as
select
    events.user_id,
    events.movie_id,
    coalesce(
        (
            array_agg(feedback_weight.weight order by events.occurred_at desc, feedback_weight.weight asc)
            filter (where feedback_weight.is_verdict)
        )[1],
        max(feedback_weight.weight)
    ) as weight,
    max(events.occurred_at) as last_at
from events
inner join ml.feedback_weight on events.kind = feedback_weight.kind
where
    not exists (
        select 1 from ratings
        where ratings.user_id = events.user_id and ratings.movie_id = events.movie_id
    )
group by events.user_id, events.movie_id;
comment on view feedback is
'What a viewer said about a movie without rating it: the weight of the last verdict, else of the weightiest event.
Grain: viewer and movie.';
