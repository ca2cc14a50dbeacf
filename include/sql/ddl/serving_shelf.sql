-- Shelves: rows of movies for a viewer's page, each by a rule. What is the same for everybody is written with the
-- version (serving.shelf_entry); what is the viewer's own is put together when it is asked for.
create table if not exists serving.shelf (
    shelf_id text primary key,
    position integer not null,
    rule text not null check (
        rule in ('for_you', 'because', 'trending', 'new', 'group', 'genre', 'decade', 'popular_now')
    ),
    heading text not null,
    parameters jsonb not null default '{}',
    is_shown boolean not null default true,
    meaning text not null
);
comment on table serving.shelf is
'The shelves of a page, from the top; an engineer edits, hides and adds some. A changed heading, position or is_shown
counts at once, changed parameters of what is written with a version from the next one on. Grain: shelf.';
comment on column serving.shelf.heading is '{} stands for the movie, genre, decade or group.';
insert into serving.shelf (shelf_id, position, rule, heading, parameters, meaning)
values
('for_you', 10, 'for_you', 'For you', '{}', 'the personal list, else the fallback list'),
(
    'because', 20, 'because', 'Because you liked {}', '{"shelves": 3}',
    'movies like the last ones that the viewer liked, a shelf each'
),
(
    'trending', 30, 'trending', 'Trending', '{"recent_days": 30, "usual_days": 180, "least_ratings": 3}',
    'rated more often of late than usual: (recent - usual) / √(usual + 1), usual being scaled to as many days'
),
(
    'new', 40, 'new', 'New and promising', '{"recent_days": 180, "least_ratings": 3, "prior_ratings": 5}',
    'first rated of late, by its mean rating, drawn towards the mean of all by so many ratings'
),
('group', 50, 'group', 'Popular with {}', '{}', 'liked by the most viewers of the same age and gender'),
(
    'genre', 60, 'genre', 'Popular: {}', '{"shelves": 3}',
    'liked by the most viewers, in the genres that the viewer likes most'
),
(
    'decade', 70, 'decade', 'From the {}', '{"shelves": 1}',
    'liked by the most viewers, of the decade that the viewer likes most'
),
(
    'popular_now', 80, 'popular_now', 'Popular these days', '{"recent_days": 90, "least_ratings": 3}',
    'rated by the most viewers of late'
)
on conflict (shelf_id) do nothing;
-- what it was in earlier versions, where nobody has edited it
update serving.shelf
set parameters = '{"recent_days": 90, "least_ratings": 3}'
where shelf_id = 'popular_now' and parameters = '{"recent_days": 90}';

create table if not exists serving.shelf_entry (
    version_id bigint not null references serving.version on delete cascade,
    shelf_id text not null references serving.shelf on delete cascade,
    key text not null,
    rank integer not null,
    movie_id bigint not null,
    score double precision not null,
    evidence text not null,
    primary key (version_id, shelf_id, key, rank)
);
comment on table serving.shelf_entry is
'The shelves that a version has ready. Readers use serving.shelves(). Grain: version, shelf, key and rank.';
comment on column serving.shelf_entry.key is
'Genre, decade such as 1990s, or group such as women aged 25–34; else empty.';

create or replace function serving.group_name(age integer, gender text) returns text
language sql immutable parallel safe
return
case
    when age < 18
        then case gender when 'F' then 'girls' when 'M' then 'boys' else 'viewers' end || ' under 18'
    when age is null
        then case gender when 'F' then 'women' when 'M' then 'men' end
    else
        case gender when 'F' then 'women' when 'M' then 'men' else 'viewers' end
        || case
            when age >= 56 then ' aged 56 and over'
            when age >= 45 then ' aged 45–55'
            when age >= 35 then ' aged 35–44'
            when age >= 25 then ' aged 25–34'
            else ' aged 18–24'
        end
end;
comment on function serving.group_name is
'The group of age and gender in words, as reasons name it: women aged 25–34; null where neither is known.';

create or replace function serving.shelves(viewer bigint default null, k integer default 12)
returns table (
    shelf_number bigint,
    shelf_id text,
    key text,
    heading text,
    rule text,
    rank bigint,
    movie_id bigint,
    title text,
    release_year integer,
    genres text[],
    reason text
)
language plpgsql stable rows 100
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    shelf_length constant integer := least(greatest(k, 0), 100);
    seen_version constant bigint := (select live.version_id from serving.live);
    shelf record;
    entry record;
    shown_movies bigint[] := '{}';
    rank_on_shelf bigint;
    shelves_shown bigint := 0;
    unavailable constant bigint[] := array(select left_out.movie_id from serving.left_out($1) as left_out);
begin
    for shelf in
        with liked_movie as (
            select liked.movie_id, liked.liked_at, catalogue.title, catalogue.genres, catalogue.release_year
            from serving.liked($1) as liked
            inner join serving.catalogue on catalogue.version_id = seen_version and liked.movie_id = catalogue.movie_id
            order by liked.liked_at desc, liked.movie_id
            limit 100
        ),

        -- what the viewer likes most comes first; without a liked movie, what everybody does
        subject as (
            select 'because' as rule, liked_movie.movie_id::text as key, liked_movie.title as name,
                row_number() over (order by liked_movie.liked_at desc, liked_movie.movie_id) as number
            from liked_movie
            union all
            select 'genre', genre.genre, genre.genre, row_number() over (order by count(*) desc, genre.genre)
            from liked_movie
            cross join unnest(liked_movie.genres) as genre (genre)
            group by genre.genre
            union all
            select 'decade', decade.decade, decade.decade, row_number() over (order by count(*) desc, decade.decade)
            from liked_movie
            cross join lateral (select liked_movie.release_year / 10 * 10 || 's' as decade) as decade
            where decade.decade is not null
            group by decade.decade
            union all
            select popular_shelf.rule, first_entry.key, first_entry.key,
                row_number() over (partition by popular_shelf.rule order by first_entry.score desc, first_entry.key)
            from serving.shelf_entry as first_entry
            inner join serving.shelf as popular_shelf on first_entry.shelf_id = popular_shelf.shelf_id
            where
                first_entry.version_id = seen_version
                and first_entry.rank = 1
                and popular_shelf.rule in ('genre', 'decade')
                and not exists (select 1 from liked_movie)
            union all
            select 'group', named.name, named.name, 1
            from core.users
            cross join lateral (select serving.group_name(users.age, users.gender) as name) as named
            where users.user_id = $1 and named.name is not null
            union all
            select plain.rule, '', '', 1
            from unnest(array['for_you', 'trending', 'new', 'popular_now']) as plain (rule)
        )

        select
            shelf.position,
            shelf.shelf_id,
            shelf.rule,
            subject.key,
            subject.number,
            replace(shelf.heading, '{}', subject.name) as heading,
            case when shelf.rule = 'because' then subject.key::bigint end as subject_movie_id
        from serving.shelf
        inner join subject on shelf.rule = subject.rule
        where shelf.is_shown and subject.number <= coalesce((shelf.parameters ->> 'shelves')::integer, 1)
        order by shelf.position, shelf.shelf_id, subject.number
    loop
        rank_on_shelf := 0;
        for entry in
            with shelf_movie as (
                select recommended.place as rank, recommended.movie_id, recommended.title, recommended.release_year,
                    recommended.genres, recommended.reason
                from serving.recommend($1, shelf_length) as recommended
                where shelf.rule = 'for_you'
                union all
                select similar_movie.rank, similar_movie.similar_movie_id, similar_movie.title,
                    similar_movie.release_year, catalogue.genres, shelf.heading
                from serving.similar_movie
                left join serving.catalogue
                    on catalogue.version_id = seen_version and similar_movie.similar_movie_id = catalogue.movie_id
                where
                    shelf.rule = 'because'
                    and similar_movie.version_id = seen_version
                    and similar_movie.movie_id = shelf.subject_movie_id
                union all
                select shelf_entry.rank, shelf_entry.movie_id, catalogue.title, catalogue.release_year,
                    catalogue.genres, shelf_entry.evidence
                from serving.shelf_entry
                inner join serving.catalogue
                    on catalogue.version_id = seen_version and shelf_entry.movie_id = catalogue.movie_id
                where
                    shelf.rule not in ('for_you', 'because')
                    and shelf_entry.version_id = seen_version
                    and shelf_entry.shelf_id = shelf.shelf_id
                    and shelf_entry.key = shelf.key
            )

            select shelf_movie.*
            from shelf_movie
            where
                not exists (
                    select 1 from unnest(unavailable || shown_movies) as left_out (movie_id)
                    where left_out.movie_id = shelf_movie.movie_id
                )
            order by shelf_movie.rank
            limit shelf_length
        loop
            rank_on_shelf := rank_on_shelf + 1;
            shelves_shown := shelves_shown + (rank_on_shelf = 1)::integer;
            shown_movies := shown_movies || entry.movie_id;
            shelf_number := shelves_shown;
            shelf_id := shelf.shelf_id;
            key := shelf.key;
            heading := shelf.heading;
            rule := shelf.rule;
            rank := rank_on_shelf;
            movie_id := entry.movie_id;
            title := entry.title;
            release_year := entry.release_year;
            genres := entry.genres;
            reason := entry.reason;
            return next;
        end loop;
    end loop;
end;
$$;
comment on function serving.shelves is
'The shelves of a viewer''s page, from the top, each with at most k movies; without a viewer, those of everybody. A
movie stands on the first shelf that has it, and none that the viewer has answered to. key tells shelves of one rule
apart: a movie, genre, decade or group. Grain: shelf, key and rank.';
