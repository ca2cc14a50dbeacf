-- Typed rows that satisfy every rejecting rule. Each table has a view <table>_typed (renames, casts) over raw;
-- ops.build_judges() puts <table>_judged on top of it: the same rows with the rules that they break.
-- A deleted row keeps its key alone.
create schema if not exists staging;

create or replace view staging.movies_typed as
select
    movies.slice_id,
    movies.position,
    ops.as_bigint(movies.movie_id) as movie_id,
    ops.as_word(movies.title) as title,
    ops.as_bigint(movies.release_year) as release_year,
    ops.as_word(movies.release_year) as release_year_text,
    ops.as_date(movies.release_date) as release_date,
    ops.as_word(movies.release_date) as release_date_text,
    ops.as_word(movies.genres) as genres,
    movies.is_deleted,
    movies.extra,
    to_jsonb(movies) - 'slice_id' - 'position' as record
from raw.movies;

create table if not exists staging.movies (
    slice_id integer not null,
    position integer not null,
    movie_id bigint not null,
    title text check (is_deleted or title is not null),
    release_year integer,
    release_date date,
    genres text,
    is_deleted boolean not null
);
-- ratings, tags and events look their movie up
create index if not exists movies_movie on staging.movies (movie_id);
create index if not exists movies_slice on staging.movies using brin (slice_id);
comment on table staging.movies is 'Movies, genres still in one field. Grain: one row of raw.movies.';

create or replace view staging.links_typed as
select
    links.slice_id,
    links.position,
    ops.as_bigint(links.movie_id) as movie_id,
    ops.as_word(links.imdb_id) as imdb_id_text,
    case
        when ops.as_word(links.imdb_id) ~ '^(tt)?[0-9]{1,10}$'
            then 'tt' || lpad(ltrim(ops.as_word(links.imdb_id), 't'), 7, '0')
    end as imdb_id,
    ops.as_word(links.tmdb_id) as tmdb_id_text,
    ops.as_bigint(regexp_replace(links.tmdb_id, '\.0$', '')) as tmdb_id,
    links.is_deleted,
    links.extra,
    to_jsonb(links) - 'slice_id' - 'position' as record
from raw.links;

create table if not exists staging.links (
    slice_id integer not null,
    position integer not null,
    movie_id bigint not null,
    imdb_id text,
    tmdb_id bigint,
    is_deleted boolean not null
);
create index if not exists links_slice on staging.links using brin (slice_id);
comment on table staging.links is 'Ids of movies elsewhere. Grain: one row of raw.links.';
comment on column staging.links.imdb_id is 'As IMDb writes it: tt and at least seven digits.';

create or replace view staging.known_movie as
select movies.movie_id
from staging.movies
union
select links.movie_id
from staging.links
inner join staging.links as same_movie on links.imdb_id = same_movie.imdb_id
inner join staging.movies on same_movie.movie_id = movies.movie_id;
comment on view staging.known_movie is
'Ids of movies that a source lists, and other ids that links lead to one of these. Grain: movie id.';

create or replace view staging.credits_typed as
select
    credits.slice_id,
    credits.position,
    ops.as_bigint(credits.movie_id) as movie_id,
    ops.as_word(credits.title) as title,
    ops.as_date(credits.released) as release_date,
    ops.as_word(credits.released) as release_date_text,
    ops.as_word(credits.director) as directors,
    ops.as_word(credits.actors) as actors,
    ops.as_word(credits.writers) as writers,
    credits.is_deleted,
    credits.extra,
    to_jsonb(credits) - 'slice_id' - 'position' as record
from raw.credits;

create table if not exists staging.credits (
    slice_id integer not null,
    position integer not null,
    movie_id bigint not null,
    title text,
    release_date date,
    directors text,
    actors text,
    writers text,
    is_deleted boolean not null
);
create index if not exists credits_slice on staging.credits using brin (slice_id);
comment on table staging.credits is 'Credits, several people in one field. Grain: one row of raw.credits.';

create or replace view staging.imdb_title_typed as
select
    imdb_title.slice_id,
    imdb_title.position,
    ops.as_word(imdb_title.tconst) as tconst,
    ops.as_word(imdb_title.title_type) as title_type,
    ops.as_word(imdb_title.primary_title) as title,
    ops.as_word(imdb_title.original_title) as original_title,
    ops.as_bigint(imdb_title.start_year) as release_year,
    ops.as_word(imdb_title.start_year) as release_year_text,
    ops.as_bigint(imdb_title.runtime_minutes) as runtime_minutes,
    ops.as_word(imdb_title.runtime_minutes) as runtime_text,
    ops.as_word(imdb_title.genres) as genres,
    imdb_title.is_deleted,
    imdb_title.extra,
    to_jsonb(imdb_title) - 'slice_id' - 'position' as record
from raw.imdb_title;

create table if not exists staging.imdb_title (
    slice_id integer not null,
    position integer not null,
    tconst text not null,
    title_type text,
    title text,
    original_title text,
    release_year integer,
    runtime_minutes integer,
    genres text,
    is_deleted boolean not null
);
create index if not exists imdb_title_slice on staging.imdb_title using brin (slice_id);
comment on table staging.imdb_title is 'Titles of known movies in IMDb. Grain: one row of raw.imdb_title.';

create or replace view staging.imdb_crew_typed as
select
    imdb_crew.slice_id,
    imdb_crew.position,
    ops.as_word(imdb_crew.tconst) as tconst,
    ops.as_word(imdb_crew.directors) as directors,
    ops.as_word(imdb_crew.writers) as writers,
    imdb_crew.is_deleted,
    imdb_crew.extra,
    to_jsonb(imdb_crew) - 'slice_id' - 'position' as record
from raw.imdb_crew;

create table if not exists staging.imdb_crew (
    slice_id integer not null,
    position integer not null,
    tconst text not null,
    directors text,
    writers text,
    is_deleted boolean not null
);
create index if not exists imdb_crew_slice on staging.imdb_crew using brin (slice_id);
comment on table staging.imdb_crew is
'Directors and writers in IMDb, ids separated by commas. Grain: one row of raw.imdb_crew.';

create or replace view staging.imdb_principal_typed as
select
    imdb_principal.slice_id,
    imdb_principal.position,
    ops.as_word(imdb_principal.tconst) as tconst,
    ops.as_bigint(imdb_principal.ordering) as billing,
    ops.as_word(imdb_principal.nconst) as nconst,
    lower(ops.as_word(imdb_principal.category)) as category,
    imdb_principal.is_deleted,
    imdb_principal.extra,
    to_jsonb(imdb_principal) - 'slice_id' - 'position' as record
from raw.imdb_principal;

create table if not exists staging.imdb_principal (
    slice_id integer not null,
    position integer not null,
    tconst text not null,
    billing integer,
    nconst text not null,
    category text,
    is_deleted boolean not null
);
create index if not exists imdb_principal_slice on staging.imdb_principal using brin (slice_id);
comment on table staging.imdb_principal is 'Who did what in a movie. Grain: one row of raw.imdb_principal.';

create or replace view staging.imdb_rating_typed as
select
    imdb_rating.slice_id,
    imdb_rating.position,
    ops.as_word(imdb_rating.tconst) as tconst,
    ops.as_number(imdb_rating.average_rating) as mean_rating,
    ops.as_bigint(imdb_rating.num_votes) as votes,
    imdb_rating.is_deleted,
    imdb_rating.extra,
    to_jsonb(imdb_rating) - 'slice_id' - 'position' as record
from raw.imdb_rating;

create table if not exists staging.imdb_rating (
    slice_id integer not null,
    position integer not null,
    tconst text not null,
    mean_rating real,
    votes integer,
    is_deleted boolean not null
);
create index if not exists imdb_rating_slice on staging.imdb_rating using brin (slice_id);
comment on table staging.imdb_rating is 'Mean of IMDb''s votes, 1 to 10. Grain: one row of raw.imdb_rating.';

create or replace view staging.imdb_name_typed as
select
    imdb_name.slice_id,
    imdb_name.position,
    ops.as_word(imdb_name.nconst) as nconst,
    ops.as_word(imdb_name.primary_name) as name,
    imdb_name.is_deleted,
    imdb_name.extra,
    to_jsonb(imdb_name) - 'slice_id' - 'position' as record
from raw.imdb_name;

create table if not exists staging.imdb_name (
    slice_id integer not null,
    position integer not null,
    nconst text not null,
    name text,
    is_deleted boolean not null
);
create index if not exists imdb_name_slice on staging.imdb_name using brin (slice_id);
comment on table staging.imdb_name is 'Names of people in IMDb. Grain: one row of raw.imdb_name.';

create or replace view staging.movie_link_typed as
select
    movie_link.slice_id,
    movie_link.position,
    ops.as_bigint(movie_link.movie_id) as movie_id,
    ops.as_word(movie_link.entity_id) as entity_id,
    movie_link.is_deleted,
    movie_link.extra,
    to_jsonb(movie_link) - 'slice_id' - 'position' as record
from raw.movie_link;

create table if not exists staging.movie_link (
    slice_id integer not null,
    position integer not null,
    movie_id bigint not null,
    entity_id text,
    is_deleted boolean not null
);
create index if not exists movie_link_slice on staging.movie_link using brin (slice_id);
comment on table staging.movie_link is 'Movie ids and their entities in the graph. Grain: one row of raw.movie_link.';

create or replace view staging.graph_typed as
select
    graph.slice_id,
    graph.position,
    ops.as_word(graph.head_id) as head_id,
    ops.as_word(graph.relation_id) as relation_id,
    ops.as_word(graph.tail_id) as tail_id,
    graph.is_deleted,
    graph.extra,
    to_jsonb(graph) - 'slice_id' - 'position' as record
from raw.graph;

create table if not exists staging.graph (
    slice_id integer not null,
    position integer not null,
    head_id text not null,
    relation_id text not null,
    tail_id text not null,
    is_deleted boolean not null
);
create index if not exists graph_slice on staging.graph using brin (slice_id);
comment on table staging.graph is 'Triples around the movies. Grain: one row of raw.graph.';

create or replace view staging.user_profile_typed as
select
    user_profile.slice_id,
    user_profile.position,
    ops.as_bigint(user_profile.user_id) as user_id,
    ops.as_word(user_profile.age) as age_text,
    ops.as_bigint(user_profile.age) as age,
    ops.as_word(user_profile.gender) as gender,
    ops.as_word(user_profile.occupation) as occupation,
    ops.as_word(user_profile.zip_code) as postcode,
    user_profile.is_deleted,
    user_profile.extra,
    to_jsonb(user_profile) - 'slice_id' - 'position' as record
from raw.user_profile;

create table if not exists staging.user_profile (
    slice_id integer not null,
    position integer not null,
    user_id bigint not null,
    age smallint,
    gender text,
    occupation text,
    postcode text,
    is_deleted boolean not null
);
create index if not exists user_profile_slice on staging.user_profile using brin (slice_id);
comment on table staging.user_profile is 'Viewers as a source knows them. Grain: one row of raw.user_profile.';

-- noqa: disable=LT02,LT05,PRS,ST05
-- "offset 0" keeps the casts in one place: written out, each rule and each column would cast for itself. Nearly every
-- rating is written in plain digits, which one look at the whole row tells; the casts that understand more cost more.
create or replace view staging.ratings_typed as
select
    ratings.slice_id,
    ratings.position,
    typed.user_id,
    typed.movie_id,
    typed.rating,
    typed.rated_at,
    ratings.is_deleted,
    ratings.extra,
    to_jsonb(ratings) - 'slice_id' - 'position' as record
from raw.ratings
inner join ops.slice on ratings.slice_id = slice.slice_id
cross join lateral (
    select
        ratings.rating in ('0.5', '1.0', '1.5', '2.0', '2.5', '3.0', '3.5', '4.0', '4.5', '5.0', '1', '2', '3', '4', '5')
        and length(ratings.user_id) < 16
        and length(ratings.movie_id) < 16
        and length(ratings.rated_at) between 9 and 10
        and ratings.user_id <> ''
        and ratings.movie_id <> ''
        and (ratings.user_id || ratings.movie_id || ratings.rated_at) collate "C" !~ '[^0-9]' as is_plain
    offset 0
) as written
cross join lateral (
    select
        case when written.is_plain then ratings.user_id::bigint else ops.as_bigint(ratings.user_id) end as user_id,
        case when written.is_plain then ratings.movie_id::bigint else ops.as_bigint(ratings.movie_id) end as movie_id,
        case
            when written.is_plain and slice.scale_low >= 0.5 and slice.scale_high <= 5 then ratings.rating::real
            else ops.as_stars(ops.as_number(ratings.rating), slice.scale_low, slice.scale_high)
        end as rating,
        case
            when written.is_plain then to_timestamp(ratings.rated_at::double precision)
            else ops.as_time(ratings.rated_at)
        end as rated_at
    offset 0
) as typed;
-- noqa: enable=all

create table if not exists staging.ratings (
    slice_id integer not null,
    position integer not null,
    user_id bigint not null,
    movie_id bigint not null,
    rating real check (is_deleted or rating is not null),
    is_deleted boolean not null,
    rated_at timestamptz not null
);
create index if not exists ratings_slice on staging.ratings using brin (slice_id);
comment on table staging.ratings is 'Ratings on the scale 0.5 to 5. Grain: one row of raw.ratings.';
comment on column staging.ratings.rated_at is 'Of a deleted row: when its absence was noticed.';

create or replace view staging.tags_typed as
select
    tags.slice_id,
    tags.position,
    ops.as_bigint(tags.user_id) as user_id,
    ops.as_bigint(tags.movie_id) as movie_id,
    ops.as_word(tags.tag) as tag,
    ops.as_time(tags.tagged_at) as tagged_at,
    tags.is_deleted,
    tags.extra,
    to_jsonb(tags) - 'slice_id' - 'position' as record
from raw.tags;

create table if not exists staging.tags (
    slice_id integer not null,
    position integer not null,
    user_id bigint not null,
    movie_id bigint not null,
    tag text not null,
    is_deleted boolean not null,
    tagged_at timestamptz not null
);
create index if not exists tags_slice on staging.tags using brin (slice_id);
comment on table staging.tags is 'Words on movies. Grain: one row of raw.tags.';

create or replace view staging.feedback_event_typed as
select
    feedback_event.slice_id,
    feedback_event.position,
    ops.as_word(feedback_event.event_id) as event_id,
    ops.as_bigint(feedback_event.user_id) as user_id,
    ops.as_bigint(feedback_event.movie_id) as movie_id,
    lower(ops.as_word(feedback_event.kind)) as kind,
    ops.as_word(feedback_event.value) as value_text,
    ops.as_number(feedback_event.value) as value,
    ops.as_time(feedback_event.created_at) as occurred_at,
    feedback_event.is_deleted,
    feedback_event.extra,
    to_jsonb(feedback_event) - 'slice_id' - 'position' as record
from raw.feedback_event;

create table if not exists staging.feedback_event (
    slice_id integer not null,
    position integer not null,
    event_id text not null,
    user_id bigint,
    movie_id bigint,
    kind text,
    value double precision,
    is_deleted boolean not null,
    occurred_at timestamptz not null,
    check (is_deleted or (user_id is not null and movie_id is not null and kind is not null))
);
create index if not exists feedback_event_slice on staging.feedback_event using brin (slice_id);
comment on table staging.feedback_event is 'What viewers did. Grain: one row of raw.feedback_event.';
