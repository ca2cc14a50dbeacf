-- What a viewer is offered: the list and what follows it, with what an engineer has placed, less what the viewer has
-- answered to, through the filters of the request.
create table if not exists serving.placement (
    placement_id bigint generated always as identity primary key,
    movie_id bigint not null,
    action text not null check (action in ('pin', 'hide', 'boost')),
    strength double precision not null default 1 check (strength > 0),
    user_id bigint,
    valid_from timestamptz not null default now(),
    valid_until timestamptz not null default 'infinity',
    note text not null default '',
    edited_by text not null default current_user,
    check (valid_from < valid_until)
);
create index if not exists placement_movie on serving.placement (movie_id);
comment on table serving.placement is
'What an engineer decides about a movie, by insert, update and delete: it counts at once, and only between valid_from
and valid_until. Grain: decision.';
comment on column serving.placement.action is
'pin: before all others, of several the one with the greater strength first. hide: nowhere. boost: the place in a list
is divided by the strength, so that 2 halves it and 0.5 doubles it.';
comment on column serving.placement.user_id is 'For this viewer alone; null: for everybody.';

-- The old function had two parameters and four columns; a call with these means the new one.
drop function if exists serving.recommend(bigint, integer);

-- Functions of SQL without settings of their own become a part of the statement that names them: a call costs nothing.
-- What others may call runs as the owner of the tables, and these within it.
create or replace function serving.placement_now(viewer bigint)
returns setof serving.placement
language sql stable rows 5
as $$
    select placement.*
    from serving.placement
    where
        (placement.user_id is null or placement.user_id = $1)
        and now() >= placement.valid_from
        and now() < placement.valid_until
$$;
comment on function serving.placement_now is
'What engineers have decided that counts for a viewer now. Grain: decision.';

create or replace function serving.hidden(viewer bigint)
returns table (movie_id bigint)
language sql stable rows 5
as $$
    select placement_now.movie_id
    from serving.placement_now($1) as placement_now
    where placement_now.action = 'hide'
$$;
comment on function serving.hidden is 'The movies that are hidden from a viewer now. Some stand in it twice.';

create or replace function serving.unwanted(viewer bigint)
returns table (movie_id bigint)
language sql stable rows 100
as $$
    select known.movie_id
    from serving.known($1) as known
    union all
    select hidden.movie_id
    from serving.hidden($1) as hidden
$$;
comment on function serving.unwanted is
'The movies that a viewer has rated or answered to, or that an engineer hides, by the ids of core. Some stand in it
twice.';

create or replace function serving.left_out(viewer bigint)
returns table (movie_id bigint)
language sql stable rows 100
as $$
    select unwanted.movie_id
    from serving.unwanted($1) as unwanted
    union all
    -- the live version may be from before a movie was merged, and have it under the id that it had
    select renamed_movie.alias_id
    from serving.live
    inner join serving.renamed_movie on live.version_id = renamed_movie.version_id
    inner join serving.known($1) as known on renamed_movie.movie_id = known.movie_id
$$;
comment on function serving.left_out is
'The movies that a viewer is not offered: what is unwanted, by the ids of core and of the live version. Some stand in
it twice.';

create or replace function serving.shown_list(viewer bigint, out version_id bigint, out delta_id bigint)
language plpgsql stable
as $$
declare
    has_deltas boolean;
begin
    select live.version_id, live.delta_id is not null into shown_list.version_id, has_deltas from serving.live;
    if has_deltas then
        select shown_delta.delta_id into shown_list.delta_id
        from ops.shown_delta
        where shown_delta.user_id = $1;
    end if;
end;
$$;
comment on function serving.shown_list is
'The version that readers see, and the delta of it that has the viewer''s list; null where the list is the version''s.';

create or replace function serving.list_entry(viewer bigint, version bigint, delta bigint)
returns table (
    rank integer,
    movie_id bigint,
    title text,
    release_year integer,
    score double precision,
    because_movie_id bigint,
    reason text
)
language sql stable rows 50
as $$
    select rank, movie_id, title, release_year, score, because_movie_id, reason
    from serving.recommendation
    where version_id = $2 and user_id = $1 and $3 is null
    union all
    select rank, movie_id, title, release_year, score, because_movie_id, reason
    from serving.delta_recommendation
    where delta_id = $3 and user_id = $1
$$;
comment on function serving.list_entry is
'A viewer''s list, as serving.shown_list() says where it is: of the version, or of a delta. Grain: rank.';

create or replace function serving.following(viewer bigint, version bigint, delta bigint)
returns table (movie_ids bigint[])
language sql stable rows 1
as $$
    select movie_ids
    from serving.candidate
    where version_id = $2 and user_id = $1 and $3 is null
    union all
    select candidate_ids
    from serving.delta_viewer
    where version_id = $2 and user_id = $1 and delta_id = $3
$$;
comment on function serving.following is
'The movies that follow a viewer''s list, best first, where serving.shown_list() says the list is. One row, or none.';

create or replace function serving.arrangement(viewer bigint)
returns table (
    place bigint,
    movie_id bigint,
    title text,
    release_year integer,
    score double precision,
    because_movie_id bigint,
    reason text,
    origin text
)
language plpgsql stable rows 250
as $$
#variable_conflict use_column
declare
    seen_version bigint;
    viewer_delta bigint;
    has_list boolean;
begin
    select shown_list.version_id, shown_list.delta_id into seen_version, viewer_delta
    from serving.shown_list($1) as shown_list;

    has_list := viewer_delta is not null or exists (
        select 1 from serving.recommendation
        where recommendation.version_id = seen_version and recommendation.user_id = $1
    );

    return query
    with list_entry as (
        select rank, movie_id, title, release_year, score, because_movie_id, reason, 'list' as origin
        from serving.list_entry($1, seen_version, viewer_delta)
        union all
        select rank, movie_id, title, release_year, score, null, reason, 'fallback' as origin
        from serving.fallback
        where version_id = seen_version and not has_list
    ),

    following_movie as (
        select spare_movie.movie_id, spare_movie.number
        from serving.following($1, seen_version, viewer_delta) as following
        cross join unnest(following.movie_ids) with ordinality as spare_movie (movie_id, number)
    ),

    ordered_movie as (
        select rank::bigint as number, movie_id, title, release_year, score, because_movie_id, reason, origin
        from list_entry
        union all
        select
            (select count(*) from list_entry) + number, movie_id, null, null, null, null, 'Picked for you', 'candidate'
        from following_movie
    ),

    placed as (
        select placement_now.movie_id, placement_now.action, max(placement_now.strength) as strength
        from serving.placement_now($1) as placement_now
        group by placement_now.movie_id, placement_now.action
    ),

    -- a movie that is pinned but in no list has its facts from the catalogue
    pinned_movie as (
        select placed.movie_id, placed.strength, catalogue.title, catalogue.release_year
        from placed
        left join serving.catalogue
            on catalogue.version_id = seen_version and placed.movie_id = catalogue.movie_id
        where placed.action = 'pin'
    ),

    placed_movie as (
        select
            coalesce(ordered_movie.movie_id, pinned_movie.movie_id) as movie_id,
            coalesce(ordered_movie.title, pinned_movie.title) as title,
            coalesce(ordered_movie.release_year, pinned_movie.release_year) as release_year,
            ordered_movie.score,
            ordered_movie.because_movie_id,
            coalesce(ordered_movie.reason, 'Recommended by us') as reason,
            case when pinned_movie.movie_id is null then ordered_movie.origin else 'pin' end as origin,
            pinned_movie.strength as pin_strength,
            ordered_movie.number / coalesce(boost.strength, 1) as weighted_number,
            ordered_movie.number
        from ordered_movie
        full join pinned_movie on ordered_movie.movie_id = pinned_movie.movie_id
        left join placed as boost on boost.action = 'boost' and ordered_movie.movie_id = boost.movie_id
        where ordered_movie.movie_id is not null or pinned_movie.title is not null
    )

    select
        row_number() over (
            order by
                placed_movie.pin_strength desc nulls last, placed_movie.weighted_number asc nulls first,
                placed_movie.number asc, placed_movie.movie_id asc
        ) as place,
        placed_movie.movie_id,
        placed_movie.title,
        placed_movie.release_year,
        placed_movie.score,
        placed_movie.because_movie_id,
        placed_movie.reason,
        placed_movie.origin
    from placed_movie;
end;
$$;
comment on function serving.arrangement is
'Everything that is ready for a viewer in the live version, best first, before anything is left out: the list and what
follows it, else the fallback list; pins first, boosts moved. What follows a list has its facts in the catalogue alone:
they are looked up for what is shown. Grain: place.';

drop function if exists serving.offer(bigint);

create or replace function serving.full_genres(shown_genres text[], genre_cap integer)
returns text[]
language sql immutable parallel safe
return array(
    select shown.genre
    from unnest(shown_genres) as shown (genre)
    group by shown.genre
    having count(*) >= genre_cap
);
comment on function serving.full_genres is
'The genres of which a page that shows these has no room for another movie, by a cap per genre; null is not a cap.';
drop function if exists serving.fits_cap(text[], text[], integer);

-- A movie on its way to a page: a row of serving.arrangement(), and the genres of the movie.
do $$
begin
    if to_regtype('serving.offered_movie') is null then
        create type serving.offered_movie as (
            place bigint,
            movie_id bigint,
            title text,
            release_year integer,
            genres text[],
            score double precision,
            because_movie_id bigint,
            reason text,
            origin text
        );
    end if;
end;
$$;

-- in earlier versions it numbered its rows itself
drop function if exists serving.arranged_page(
    bigint, integer, text[], text[], integer, integer, bigint[], integer, bigint
);

create or replace function serving.arranged_page(
    viewer bigint,
    page_length integer,
    genres_in text[],
    genres_out text[],
    year_from integer,
    year_to integer,
    leave_out bigint[],
    genre_cap integer,
    after bigint
)
returns setof serving.offered_movie
language plpgsql stable rows 10
as $$
#variable_conflict use_column
declare
    -- what is popular follows the viewer's own movies, at places that no list reaches
    popular_after constant bigint := 1000000;
    popular_length constant integer := 2000;
    offered serving.offered_movie;
    page serving.offered_movie[] := '{}';
    shown_genres text[] := '{}';
    closed_genres text[] := '{}';
    seen_version constant bigint := (select live.version_id from serving.live);
    unavailable bigint[] := array(select left_out.movie_id from serving.left_out($1) as left_out)
        || array(select unwanted.movie_id from unnest(leave_out) as unwanted (movie_id));
begin
    -- In order of place, so that what a movie is has to be looked up no further than the page reaches. Hence two loops:
    -- the places of both in one statement would have to be sorted, and everything looked up.
    for offered in
        select
            arranged_movie.place,
            arranged_movie.movie_id,
            coalesce(arranged_movie.title, catalogue.title),
            coalesce(arranged_movie.release_year, catalogue.release_year),
            catalogue.genres,
            arranged_movie.score,
            arranged_movie.because_movie_id,
            arranged_movie.reason,
            arranged_movie.origin
        from (
            select arrangement.*
            from serving.arrangement($1) as arrangement
            where
                arrangement.place > after
                and not exists (
                    select 1 from unnest(unavailable) as left_out (movie_id)
                    where left_out.movie_id = arrangement.movie_id
                )
            order by arrangement.place
        ) as arranged_movie
        left join serving.catalogue
            on catalogue.version_id = seen_version and arranged_movie.movie_id = catalogue.movie_id
        where
            coalesce(arranged_movie.title, catalogue.title) is not null
            and serving.is_wanted(
                catalogue.genres,
                coalesce(arranged_movie.release_year, catalogue.release_year),
                genres_in,
                genres_out,
                year_from,
                year_to
            )
        order by arranged_movie.place
    loop
        exit when cardinality(page) >= page_length or genres_in <@ closed_genres;
        continue when offered.genres && closed_genres;
        page := page || offered;
        if genre_cap is not null then
            shown_genres := shown_genres || offered.genres;
            closed_genres := serving.full_genres(shown_genres, genre_cap);
        end if;
    end loop;

    if cardinality(page) < page_length then
        unavailable := unavailable || array(select arrangement.movie_id from serving.arrangement($1) as arrangement);
        for offered in
            select
                popular_after + catalogue.popularity_rank,
                catalogue.movie_id,
                catalogue.title,
                catalogue.release_year,
                catalogue.genres,
                null,
                null,
                'Popular with everyone',
                'popular'
            from serving.catalogue
            where
                catalogue.version_id = seen_version
                and catalogue.popularity_rank <= popular_length
                and popular_after + catalogue.popularity_rank > after
                and serving.is_wanted(
                    catalogue.genres, catalogue.release_year, genres_in, genres_out, year_from, year_to
                )
                and not exists (
                    select 1 from unnest(unavailable) as left_out (movie_id)
                    where left_out.movie_id = catalogue.movie_id
                )
            order by catalogue.popularity_rank
        loop
            exit when cardinality(page) >= page_length or genres_in <@ closed_genres;
            continue when offered.genres && closed_genres;
            page := page || offered;
            if genre_cap is not null then
                shown_genres := shown_genres || offered.genres;
                closed_genres := serving.full_genres(shown_genres, genre_cap);
            end if;
        end loop;
    end if;

    return query
    select entry.*
    from unnest(page) as entry
    order by entry.place;
end;
$$;
comment on function serving.arranged_page is
'A page of serving.recommend(), whatever it asks for and has been placed: of serving.arrangement(), then what is
popular.';

create or replace function serving.recommend(
    viewer bigint,
    k integer default 10,
    genres_in text[] default null,
    genres_out text[] default null,
    year_from integer default null,
    year_to integer default null,
    leave_out bigint[] default null,
    genre_cap integer default null,
    after bigint default 0
)
returns table (
    rank bigint,
    movie_id bigint,
    title text,
    reason text,
    release_year integer,
    genres text[],
    score double precision,
    because_movie_id bigint,
    origin text,
    place bigint,
    is_complete boolean
)
language plpgsql stable rows 10
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    page_length constant integer := least(greatest(k, 0), 1000);
    shown_list record;
begin
    -- The common case. Without filters, pins, boosts and merged movies the page is the next movies of the list, whose
    -- ranks are the places: nothing has to be arranged, and no more is read than is shown.
    if num_nonnulls(genres_in, genres_out, year_from, year_to, genre_cap) = 0 then
        shown_list := serving.shown_list($1);
        return query
        select
            row_number() over (order by page.place) as rank,
            page.movie_id,
            page.title,
            page.reason,
            coalesce(page.release_year, catalogue.release_year) as release_year,
            catalogue.genres,
            page.score,
            page.because_movie_id,
            'list' as origin,
            page.place,
            true as is_complete
        from (
            select
                next_entry.*,
                next_entry.rank::bigint as place,
                count(*) over () as movies
            from (
                select list_entry.*
                from serving.list_entry($1, shown_list.version_id, shown_list.delta_id) as list_entry
                where
                    list_entry.rank > after
                    and (list_entry.movie_id = any(leave_out)) is not true
                    and not exists (
                        select 1 from serving.unwanted($1) as unwanted
                        where unwanted.movie_id = list_entry.movie_id
                    )
                    and not exists (
                        select 1 from serving.renamed_movie
                        where renamed_movie.version_id = shown_list.version_id
                    )
                    and not exists (
                        select 1 from serving.placement_now($1) as placement_now
                        where placement_now.action <> 'hide'
                    )
                order by list_entry.rank
                limit page_length
            ) as next_entry
        ) as page
        left join serving.catalogue
            on catalogue.version_id = shown_list.version_id and page.movie_id = catalogue.movie_id
        where page.movies >= page_length
        order by page.place;
        if found then
            return;
        end if;
    end if;

    return query
    select
        row_number() over (order by page.place) as rank,
        page.movie_id,
        page.title,
        page.reason,
        page.release_year,
        page.genres,
        page.score,
        page.because_movie_id,
        page.origin,
        page.place,
        count(*) over () >= page_length as is_complete
    from serving.arranged_page(
        viewer, page_length, genres_in, genres_out, year_from, year_to, leave_out, genre_cap, after
    ) as page
    order by page.place;
end;
$$;
comment on function serving.recommend is
'The best k movies for a viewer: what an engineer pinned, then the personal list and what follows it, else the fallback
list, then what is popular; less what is hidden, and what the viewer has rated, liked, disliked, watched, opened or
dismissed since it was made. Filters: genres of which a movie must have one, or none; years; movies to leave out; how
many of a page may share a genre. The next page is the one after the last place of this one. is_complete is false in
every row where fewer than k movies were left.';
