-- Feedback that viewers give on a page or through the API. The next night reads it as the source `serving`, by the view
-- serving.feedback_event; until then serving.recommend and deltas read the table.
create table if not exists serving.viewer_event (
    event_id text primary key check (length(event_id) between 1 and 200),
    user_id bigint not null,
    movie_id bigint not null,
    kind text not null,
    value real,
    created_at timestamptz not null,
    updated_at timestamptz not null default now(),
    is_undone boolean not null default false,
    changed_by xid8 not null default pg_current_xact_id()
);
create index if not exists viewer_event_user on serving.viewer_event (user_id, movie_id);
create index if not exists viewer_event_changed on serving.viewer_event (changed_by);
create index if not exists viewer_event_updated on serving.viewer_event (updated_at);
comment on table serving.viewer_event is
'Feedback given here, appended by serving.give_feedback(). Grain: event; what was undone stays, and says so.';
comment on column serving.viewer_event.changed_by is
'The transaction that wrote the row last: a delta reads what it has not seen by it.';

-- What core has of the table above is noted as it comes and goes, so that the first delta of a version reads what no
-- night has learned from, and not all that was ever said. It lies beside the table and not in it: a night that writes
-- core keeps nobody from taking back an event.
do $$
begin
    if to_regclass('serving.unlearned_event') is null then
        create table serving.unlearned_event (
            event_id text primary key references serving.viewer_event on delete cascade
        );
        insert into serving.unlearned_event (event_id)
        select viewer_event.event_id
        from serving.viewer_event
        where
            not exists (
                select 1 from core.events
                where events.source = 'serving' and events.event_id = viewer_event.event_id
            );
    end if;
end;
$$;
comment on table serving.unlearned_event is
'Feedback given here that core does not have: given since the night, or left out by it. Grain: event.';

create or replace function ops.note_learned_events()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        delete from serving.unlearned_event
        using changed_event
        where changed_event.source = 'serving' and unlearned_event.event_id = changed_event.event_id;
    else
        insert into serving.unlearned_event (event_id)
        select viewer_event.event_id
        from changed_event
        inner join serving.viewer_event on changed_event.event_id = viewer_event.event_id
        where changed_event.source = 'serving' and not viewer_event.is_undone
        order by viewer_event.event_id
        on conflict do nothing;
    end if;
    return null;
end;
$$;
comment on function ops.note_learned_events is
'Keeps serving.unlearned_event in step with core.events, also where core goes back to an earlier night.';

create or replace trigger events_come
after insert on core.events referencing new table as changed_event
for each statement execute function ops.note_learned_events();
create or replace trigger events_go
after delete on core.events referencing old table as changed_event
for each statement execute function ops.note_learned_events();

create table if not exists serving.incoming_event (
    source text not null,
    event_id text not null,
    user_id bigint not null,
    movie_id bigint not null,
    kind text not null,
    value real,
    created_at timestamptz not null,
    updated_at timestamptz not null default now(),
    changed_by xid8 not null default pg_current_xact_id(),
    primary key (source, event_id)
);
create index if not exists incoming_event_user on serving.incoming_event (user_id);
create index if not exists incoming_event_changed on serving.incoming_event (changed_by);
create index if not exists incoming_event_updated on serving.incoming_event (updated_at);
comment on table serving.incoming_event is
'Events of other sources that movierec_feedback has read ahead of the night, which reads them for itself again.
Grain: event of a source.';

create or replace view ops.said_event as
select
    viewer_event.event_id,
    viewer_event.user_id,
    coalesce(movie_alias.movie_id, viewer_event.movie_id) as movie_id,
    viewer_event.movie_id as said_movie_id,
    viewer_event.kind,
    viewer_event.value,
    viewer_event.created_at,
    viewer_event.is_undone
from serving.viewer_event
left join core.movie_alias on viewer_event.movie_id = movie_alias.alias_id;
comment on view ops.said_event is
'Feedback given here, by the movie that it is about by now: an id that has been merged into another one is that one.
Grain: event.';

create or replace view ops.rating_taken_back as
select
    user_id,
    movie_id,
    created_at as rated_at
from ops.said_event
where
    is_undone
    and kind = 'rating';
comment on view ops.rating_taken_back is
'Ratings that were given here and taken back: core has those that a night has learned until the next one. Grain:
event.';

create or replace view serving.feedback_event as
select
    event_id,
    user_id,
    movie_id,
    kind,
    value,
    created_at,
    updated_at,
    is_undone as is_deleted
from serving.viewer_event;
comment on view serving.feedback_event is
'Feedback given here, as a night reads it: the columns of the contract feedback_event. Grain: event.';

create or replace function serving.give_feedback(events jsonb)
returns table (event_id text, outcome text, message text)
language plpgsql volatile rows 10
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    max_events constant integer := 1000;
    minutes_ahead constant integer := 5; -- that a clock may be fast
begin
    if jsonb_typeof(events) is distinct from 'array' or jsonb_array_length(events) > max_events then
        raise exception using
            errcode = 'invalid_parameter_value',
            message = format('feedback is a list of at most %s events', max_events);
    end if;

    return query
    with received_event as (
        select
            element.position,
            element.event ->> 'event_id' as event_id,
            ops.as_bigint(element.event ->> 'user_id') as user_id,
            ops.as_bigint(element.event ->> 'movie_id') as movie_id,
            element.event ->> 'kind' as kind,
            ops.as_number(element.event ->> 'value') as value,
            coalesce(ops.as_time(element.event ->> 'created_at'), now()) as created_at
        from jsonb_array_elements(events) with ordinality as element (event, position)
    ),

    checked_event as (
        select
            received_event.*,
            case
                when coalesce(length(received_event.event_id), 0) not between 1 and 200
                    then 'event_id has 1 to 200 characters'
                when received_event.user_id is null or received_event.user_id < 1
                    then 'user_id is a whole number above 0'
                when ops.is_refused(received_event.user_id) then 'user_id is of somebody who has been forgotten'
                when received_event.kind is distinct from 'rating' and not exists (
                    select 1 from ml.feedback_weight
                    where feedback_weight.kind = received_event.kind
                ) then (
                    select 'kind is rating, ' || string_agg(feedback_weight.kind, ', ' order by feedback_weight.kind)
                    from ml.feedback_weight
                )
                when received_event.kind = 'rating' and ops.is_on_scale(received_event.value) is not true
                    then format('value is the stars of a rating, %s to %s', ops.lowest_rating(), ops.highest_rating())
                when
                    received_event.created_at
                    not between ops.earliest_time() and now() + make_interval(mins => minutes_ahead)
                    then
                        format(
                            'created_at is a time from the year %s to now, and at most %s minutes ahead of it',
                            extract(year from ops.earliest_time() at time zone 'UTC'),
                            minutes_ahead
                        )
                when movies.movie_id is null then 'movie_id is none of the catalogue'
            end as fault
        from received_event
        -- readers may see a version from before a movie was merged into another one: what they say counts for that one
        left join core.movie_alias on received_event.movie_id = movie_alias.alias_id
        left join core.movies on coalesce(movie_alias.movie_id, received_event.movie_id) = movies.movie_id
    ),

    -- of a list that names an event twice, the first that is right counts
    numbered_event as (
        select
            checked_event.*,
            row_number() over (
                partition by checked_event.event_id, checked_event.fault is null order by checked_event.position
            ) as occurrence
        from checked_event
    ),

    added_event as (
        insert into serving.viewer_event (event_id, user_id, movie_id, kind, value, created_at)
        select
            numbered_event.event_id,
            numbered_event.user_id,
            numbered_event.movie_id,
            numbered_event.kind,
            case when numbered_event.kind = 'rating' then numbered_event.value::real end,
            numbered_event.created_at
        from numbered_event
        where numbered_event.fault is null and numbered_event.occurrence = 1
        -- two lists with the same events in another order would each wait for the other
        order by numbered_event.event_id
        on conflict do nothing
        returning
            viewer_event.event_id,
            viewer_event.user_id,
            viewer_event.movie_id,
            viewer_event.kind,
            viewer_event.value
    ),

    noted_event as (
        insert into serving.unlearned_event (event_id)
        select added_event.event_id
        from added_event
    )

    select
        numbered_event.event_id,
        case
            when numbered_event.fault is not null then 'rejected'
            when numbered_event.occurrence = 1 and added_event.event_id is not null then 'accepted'
            else 'repeated'
        end as outcome,
        case
            when numbered_event.fault is not null then numbered_event.fault
            when
                (
                    coalesce(known_event.user_id, added_event.user_id),
                    coalesce(known_event.movie_id, added_event.movie_id),
                    coalesce(known_event.kind, added_event.kind),
                    coalesce(known_event.value, added_event.value)
                ) is distinct from (
                    numbered_event.user_id,
                    numbered_event.movie_id,
                    numbered_event.kind,
                    case when numbered_event.kind = 'rating' then numbered_event.value::real end
                )
                and num_nonnulls(known_event.event_id, added_event.event_id) > 0
                then 'event_id has stood for another user_id, movie_id, kind or value; nothing was changed'
            when known_event.is_undone
                then 'the event has been taken back and counts no more; to say it again, send it under another event_id'
        end as message
    from numbered_event
    left join added_event on numbered_event.event_id = added_event.event_id
    -- as it was before this statement: what is added now is not among it, and stands above
    left join serving.viewer_event as known_event on numbered_event.event_id = known_event.event_id
    order by numbered_event.position;
end;
$$;
comment on function serving.give_feedback(jsonb) is
'Append feedback events, a list of objects with event_id, user_id, movie_id, kind and for a rating value; created_at is
now unless given. An event_id counts once, however often it comes: outcome is accepted, repeated or rejected, and message
says why, or that what is repeated was something else before, or has been taken back; no event stops another. Of a key
that an object has twice, jsonb keeps the last value before this function is called: who passes on JSON of others looks
for such keys first, as the web application does.';

create or replace function serving.give_feedback(
    event text, viewer bigint, movie bigint, kind text, value numeric default null
)
returns table (event_id text, outcome text, message text)
language sql volatile rows 1
begin atomic
    select
        answer.event_id,
        answer.outcome,
        answer.message
    from serving.give_feedback(
        jsonb_build_array(
            jsonb_build_object('event_id', $1, 'user_id', $2, 'movie_id', $3, 'kind', $4, 'value', $5)
        )
    ) as answer;
end;
comment on function serving.give_feedback(text, bigint, bigint, text, numeric) is 'Append one feedback event.';

create or replace function serving.undo_feedback(event text, viewer bigint)
returns boolean
language plpgsql volatile
security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update serving.viewer_event
    set is_undone = true, updated_at = now(), changed_by = pg_current_xact_id()
    where viewer_event.event_id = $1 and viewer_event.user_id = $2 and not viewer_event.is_undone;
    -- asked again, as by somebody to whom the first answer was lost, it answers the same
    return exists (
        select 1 from serving.viewer_event
        where viewer_event.event_id = $1 and viewer_event.user_id = $2 and viewer_event.is_undone
    );
end;
$$;
comment on function serving.undo_feedback is
'Take back an event that the viewer gave here, now or before; false where there is none.';

-- In earlier versions it had two parameters.
drop function if exists serving.feedback_of(bigint, integer);

create or replace function serving.feedback_of(
    viewer bigint, k integer default 50, after text default null, movie bigint default null
)
returns table (
    event_id text, movie_id bigint, title text, release_year integer, kind text, value real, created_at timestamptz
)
language plpgsql stable rows 50
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    seen_version constant bigint := (select live.version_id from serving.live);
    page_before record;
begin
    select viewer_event.created_at, viewer_event.event_id into page_before
    from serving.viewer_event
    where viewer_event.user_id = $1 and viewer_event.event_id = $3;

    return query
    select
        said_event.event_id,
        -- as the live version calls it, whose pages lead to the movie
        coalesce(catalogue.movie_id, said_event.movie_id) as movie_id,
        movies.title,
        movies.release_year,
        said_event.kind,
        said_event.value,
        said_event.created_at
    from ops.said_event
    inner join core.movies on said_event.movie_id = movies.movie_id
    left join serving.catalogue
        on catalogue.version_id = seen_version and said_event.said_movie_id = catalogue.movie_id
    where
        said_event.user_id = $1
        and not said_event.is_undone
        and ($4 is null or coalesce(catalogue.movie_id, said_event.movie_id) = $4)
        and (
            page_before.event_id is null
            or said_event.created_at < page_before.created_at
            or (said_event.created_at = page_before.created_at and said_event.event_id > page_before.event_id)
        )
    order by said_event.created_at desc, said_event.event_id
    limit least(greatest($2, 0), 1000);
end;
$$;
comment on function serving.feedback_of is
'What a viewer said here and did not take back, of one movie or of all, the latest first. The next page is the one after
the last event of this one. Grain: event.';

create or replace function serving.responded(viewer bigint)
returns table (movie_id bigint)
language sql stable rows 50
as $$
    select said_event.movie_id
    from ops.said_event
    where
        said_event.user_id = $1
        and not said_event.is_undone
        and (
            said_event.kind = 'rating'
            or said_event.kind in (select feedback_weight.kind from ml.feedback_weight)
        )
    union all
    -- what was given here is known better above: it may have been undone since the night
    select events.movie_id
    from core.events
    inner join ml.feedback_weight on events.kind = feedback_weight.kind
    where events.user_id = $1 and events.source <> 'serving'
    union all
    select coalesce(movie_alias.movie_id, incoming_event.movie_id)
    from serving.incoming_event
    left join core.movie_alias on incoming_event.movie_id = movie_alias.alias_id
    where incoming_event.user_id = $1
$$;
comment on function serving.responded is
'The movies that a viewer has given feedback on, here or elsewhere, as far as it is known, by the ids that core has by
now. Some stand in it twice.';

create or replace function serving.known(viewer bigint)
returns table (movie_id bigint)
language sql stable rows 100
as $$
    select responded.movie_id
    from serving.responded($1) as responded
    union all
    select ratings.movie_id
    from core.ratings
    where
        ratings.user_id = $1
        and not exists (
            select 1 from ops.rating_taken_back
            where
                rating_taken_back.user_id = $1
                and rating_taken_back.movie_id = ratings.movie_id
                and rating_taken_back.rated_at = ratings.rated_at
        )
$$;
comment on function serving.known is
'The movies that a viewer has rated or answered to, by the ids that core has by now. Some stand in it twice.';

create or replace function serving.renewed(viewer bigint)
returns timestamptz
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
    select delta.published_at
    from ops.shown_delta
    inner join serving.delta on shown_delta.delta_id = delta.delta_id
    where shown_delta.user_id = $1
$$;
comment on function serving.renewed is
'When the list that a viewer sees was made anew because of feedback; null where it is the version''s.';
