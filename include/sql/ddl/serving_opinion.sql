-- What viewers have said about movies up to this moment: core, and what was said since, here and elsewhere.
create or replace function serving.opinion(viewers bigint[])
returns table (user_id bigint, movie_id bigint, rating real, weight real, rated_at timestamptz)
language plpgsql stable rows 1000
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    with event as (
        select user_id, movie_id, kind, value, created_at
        from ops.said_event
        where user_id = any($1) and not is_undone
        union all
        select user_id, coalesce(movie_alias.movie_id, incoming_event.movie_id), kind, value, created_at
        from serving.incoming_event
        left join core.movie_alias on incoming_event.movie_id = movie_alias.alias_id
        where user_id = any($1)
        union all
        -- what was given here is known better above: it may have been undone since the night
        select user_id, movie_id, kind, value, occurred_at
        from core.events
        where
            user_id = any($1)
            and source <> 'serving'
            and not exists (
                select 1 from serving.incoming_event
                where incoming_event.source = events.source and incoming_event.event_id = events.event_id
            )
    ),

    any_rating as (
        select user_id, movie_id, rating, rated_at
        from core.ratings
        where
            user_id = any($1)
            and not exists (
                select 1 from ops.rating_taken_back
                where
                    rating_taken_back.user_id = any($1)
                    and rating_taken_back.user_id = ratings.user_id
                    and rating_taken_back.movie_id = ratings.movie_id
                    and rating_taken_back.rated_at = ratings.rated_at
            )
        union all
        select user_id, movie_id, value, created_at
        from event
        where kind = 'rating'
    ),

    last_rating as (
        select distinct on (user_id, movie_id) user_id, movie_id, rating, rated_at
        from any_rating
        order by user_id, movie_id, rated_at desc, rating desc
    ),

    -- as the view core.feedback has it: the last verdict, else the weightiest event
    feedback as (
        select
            event.user_id,
            event.movie_id,
            coalesce(
                (
                    array_agg(feedback_weight.weight order by event.created_at desc, feedback_weight.weight)
                    filter (where feedback_weight.is_verdict)
                )[1],
                max(feedback_weight.weight)
            ) as weight,
            max(event.created_at) as last_at
        from event
        inner join ml.feedback_weight on event.kind = feedback_weight.kind
        group by event.user_id, event.movie_id
    )

    select last_rating.user_id, last_rating.movie_id, last_rating.rating, null::real, last_rating.rated_at
    from last_rating
    union all
    select feedback.user_id, feedback.movie_id, null, feedback.weight, feedback.last_at
    from feedback
    where
        not exists (
            select 1 from last_rating
            where last_rating.user_id = feedback.user_id and last_rating.movie_id = feedback.movie_id
        );
end;
$$;
comment on function serving.opinion is
'What each of these viewers says about a movie now: the rating, or where there is none the weight of other feedback, as
a training would see it. Grain: viewer and movie.';

create or replace function serving.liked(viewer bigint)
returns table (movie_id bigint, liked_at timestamptz)
language plpgsql stable rows 100
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    with liked_movie as materialized (
        select opinion.movie_id, opinion.rated_at
        from serving.opinion(array[$1]) as opinion
        where ops.is_liked(opinion.rating, opinion.weight)
    ),

    -- what the live version has only under the id that it had before it was merged into another one
    shown_movie as (
        select distinct on (liked_movie.movie_id) liked_movie.movie_id, catalogue.movie_id as shown_id
        from liked_movie
        cross join serving.live
        inner join serving.renamed_movie
            on live.version_id = renamed_movie.version_id and liked_movie.movie_id = renamed_movie.movie_id
        inner join serving.catalogue
            on live.version_id = catalogue.version_id and renamed_movie.alias_id = catalogue.movie_id
        where
            not exists (
                select 1 from serving.catalogue as known_movie
                where known_movie.version_id = live.version_id and known_movie.movie_id = liked_movie.movie_id
            )
        order by liked_movie.movie_id, catalogue.popularity_rank
    )

    select coalesce(shown_movie.shown_id, liked_movie.movie_id), liked_movie.rated_at
    from liked_movie
    left join shown_movie on liked_movie.movie_id = shown_movie.movie_id;
end;
$$;
comment on function serving.liked is
'The movies that a viewer liked, as the live version calls them: rated 4 stars or more, or without a rating by other
feedback. Grain: movie.';
