-- Why a viewer is shown a movie, or is not: what is known on the way from the sources to the page, as facts. Sentences
-- are made of them by `movierec why`, which also asks the kept models.
create or replace function ops.why_viewer(viewer bigint)
returns table (
    user_id bigint,
    is_known boolean,
    has_group boolean,
    ratings bigint,
    last_rated_at timestamptz,
    events bigint,
    quarantined bigint,
    quarantine_rules text[],
    version_id bigint,
    delta_id bigint,
    listed bigint,
    following bigint
)
language plpgsql stable rows 1
as $$
#variable_conflict use_column
begin
    return query
    with profile as (
        select users.age is not null or users.gender is not null as has_group
        from core.users
        where users.user_id = $1
    ),

    rating as (
        select
            count(*) as ratings,
            max(ratings.rated_at) as last_rated_at
        from core.ratings
        where ratings.user_id = $1
    ),

    event as (
        select events.event_id
        from core.events
        where events.user_id = $1 and events.source <> 'serving'
        union all
        select viewer_event.event_id
        from serving.viewer_event
        where viewer_event.user_id = $1 and not viewer_event.is_undone
    ),

    rejected_row as (
        select "row".broken_rules
        from quarantine.row
        where "row".status = 'rejected' and ops.as_bigint("row".record ->> 'user_id') = $1
    ),

    list_place as (
        select shown_list.version_id, shown_list.delta_id from serving.shown_list($1) as shown_list
    )

    select
        $1 as user_id,
        exists (select 1 from profile) as is_known,
        coalesce((select profile.has_group from profile), false) as has_group,
        rating.ratings,
        rating.last_rated_at,
        (select count(*) from event) as events,
        (select count(*) from rejected_row) as quarantined,
        array(
            select distinct rule.name
            from rejected_row
            cross join unnest(rejected_row.broken_rules) as rule (name)
            order by rule.name
        ) as quarantine_rules,
        list_place.version_id,
        list_place.delta_id,
        (
            select count(*) from serving.live_recommendation
            where live_recommendation.user_id = $1
        ) as listed,
        coalesce(cardinality(following.movie_ids), 0)::bigint as following
    from rating
    cross join list_place
    left join serving.following($1, list_place.version_id, list_place.delta_id) as following on true;
end;
$$;
comment on function ops.why_viewer is
'What is known of a viewer, from the sources to the page: ratings, events, rejected rows, and the movies of the live
list and of what follows it. One row, of an unknown viewer, too; version_id is null before the first publication.';

create or replace function ops.why_movie(viewer bigint, movie bigint)
returns table (
    movie_id bigint,
    asked_id bigint,
    title text,
    release_year integer,
    is_in_version boolean,
    popularity_rank integer,
    quarantine_reasons text[],
    rating real,
    rated_at timestamptz,
    is_answered boolean,
    event_kinds text[],
    rejected_row_reasons text[],
    placements text[],
    rank integer,
    reason text,
    following_place bigint,
    since_version bigint,
    last_listed_version bigint,
    rejected_version bigint,
    rejected_checks jsonb,
    rejected_rank integer
)
language plpgsql stable rows 1
as $$
#variable_conflict use_column
declare
    real_id bigint := coalesce(
        (
            select movie_alias.movie_id from core.movie_alias
            where movie_alias.alias_id = $2
        ), $2
    );
begin
    return query
    with following as (
        select following.movie_ids
        from serving.shown_list($1) as shown_list
        cross join serving.following($1, shown_list.version_id, shown_list.delta_id) as following
    ),

    rejected_row as (
        select
            "row".table_name,
            "row".reasons,
            ops.as_bigint("row".record ->> 'user_id') as user_id
        from quarantine.row
        where
            "row".status = 'rejected'
            and "row".table_name in ('movies', 'ratings', 'feedback_event')
            and ops.as_bigint("row".record ->> 'movie_id') in ($2, real_id)
    ),

    published_version as (
        select
            version.version_id,
            exists (
                select 1 from serving.recommendation
                where
                    recommendation.version_id = version.version_id
                    and recommendation.user_id = $1
                    and recommendation.movie_id = real_id
            ) as is_listed
        from serving.live
        inner join serving.version on live.version_id >= version.version_id and version.status = 'published'
    ),

    history as (
        select
            max(published_version.version_id) filter (where published_version.is_listed) as last_listed_version,
            min(published_version.version_id) filter (
                where published_version.version_id > coalesce(last_absence.version_id, 0)
            ) as since_version
        from published_version
        left join (
            select max(published_version.version_id) as version_id from published_version
            where not published_version.is_listed
        ) as last_absence on true
    ),

    rejected_version as (
        select
            version.version_id,
            version.failed_checks,
            (
                select recommendation.rank from serving.recommendation
                where
                    recommendation.version_id = version.version_id
                    and recommendation.user_id = $1
                    and recommendation.movie_id = real_id
            ) as rank
        from serving.version
        left join serving.live on true
        where version.status = 'rejected' and version.version_id > coalesce(live.version_id, 0)
        order by version.version_id desc
        limit 1
    )

    select
        real_id as movie_id,
        $2 as asked_id,
        movies.title,
        movies.release_year,
        catalogue.movie_id is not null as is_in_version,
        catalogue.popularity_rank,
        array(
            select distinct reason.sentence
            from rejected_row
            cross join unnest(rejected_row.reasons) as reason (sentence)
            where rejected_row.table_name = 'movies'
            order by reason.sentence
        ) as quarantine_reasons,
        ratings.rating,
        ratings.rated_at,
        exists (
            select 1 from serving.responded($1) as responded
            where responded.movie_id = real_id
        ) as is_answered,
        array(
            select events.kind
            from core.events
            where events.user_id = $1 and events.movie_id = real_id and events.source <> 'serving'
            union
            select said_event.kind
            from ops.said_event
            where said_event.user_id = $1 and said_event.movie_id = real_id and not said_event.is_undone
            union
            select incoming_event.kind
            from serving.incoming_event
            where incoming_event.user_id = $1 and incoming_event.movie_id = real_id
            order by 1
        ) as event_kinds,
        array(
            select distinct reason.sentence
            from rejected_row
            cross join unnest(rejected_row.reasons) as reason (sentence)
            where rejected_row.table_name <> 'movies' and rejected_row.user_id = $1
            order by reason.sentence
        ) as rejected_row_reasons,
        array(
            select
                placement.action || case when placement.user_id is null then '' else ' for this viewer' end
                || case when placement.note = '' then '' else ' (' || placement.note || ')' end as placement
            from serving.placement_now($1) as placement
            where placement.movie_id = real_id
            order by placement
        ) as placements,
        live_entry.rank,
        live_entry.reason,
        array_position((select following.movie_ids from following), real_id)::bigint as following_place,
        history.since_version,
        history.last_listed_version,
        rejected_version.version_id as rejected_version,
        rejected_version.failed_checks as rejected_checks,
        rejected_version.rank as rejected_rank
    from history
    left join serving.live on true
    left join core.movies on movies.movie_id = real_id
    left join serving.catalogue on live.version_id = catalogue.version_id and catalogue.movie_id = real_id
    left join core.ratings on ratings.user_id = $1 and ratings.movie_id = real_id
    left join serving.live_recommendation as live_entry on live_entry.user_id = $1 and live_entry.movie_id = real_id
    left join rejected_version on true;
end;
$$;
comment on function ops.why_movie is
'What is known of a movie on its way to a viewer, from the sources to the page: catalogue, rejected rows, what the
viewer has said of it, placements, its rank in the live list or in what follows it, the first version that has listed it
ever since, and the newest version that an audit stopped. One row.';
