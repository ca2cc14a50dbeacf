-- Purpose: what a version must satisfy before anyone sees it; each line names a check and how often it failed.
-- Grain: check. Inputs: serving.recommendation, similar_movie, fallback; core. Parameters: version_id, similar_length.
with version as (
    select
        version_id,
        list_length
    from serving.version
    where version_id = %(version_id)s
),

lists as (
    select recommendation.*
    from serving.recommendation
    inner join version on recommendation.version_id = version.version_id
),

catalogue as (
    select count(*) as movies
    from core.movies
),

active as (
    select
        ratings.user_id,
        least(version.list_length, catalogue.movies - count(*)) as due
    from core.ratings
    cross join version
    cross join catalogue
    group by ratings.user_id, version.list_length, catalogue.movies
),

received as (
    select
        user_id,
        count(*) as movies,
        count(distinct movie_id) as distinct_movies,
        min(rank) as first_rank,
        max(rank) as last_rank
    from lists
    group by user_id
),

ordered as (
    select
        score,
        lag(score) over (partition by user_id order by rank) as better_score
    from lists
),

similar_lists as (
    select
        movies.movie_id,
        count(distinct similar_movie.similar_movie_id) filter (
            where similar_movie.similar_movie_id <> movies.movie_id
        ) as others,
        count(similar_movie.rank) as received
    from core.movies
    cross join version
    left join serving.similar_movie
        on movies.movie_id = similar_movie.movie_id and version.version_id = similar_movie.version_id
    group by movies.movie_id
),

newcomers as (
    select count(distinct fallback.movie_id) as movies
    from version
    left join serving.fallback on version.version_id = fallback.version_id
),

checks as (
    select
        'an active viewer has not exactly the due number of movies' as failed_check,
        count(*) as failures
    from active
    left join received on active.user_id = received.user_id
    where coalesce(received.movies, 0) <> active.due
    union all
    select
        'a viewer without ratings has a list' as failed_check,
        count(*) as failures
    from received
    where
        not exists (
            select 1 from active
            where active.user_id = received.user_id
        )
    union all
    select
        'a movie stands twice in a list' as failed_check,
        count(*) as failures
    from received
    where distinct_movies < movies
    union all
    select
        'ranks are not 1, 2, 3, …' as failed_check,
        count(*) as failures
    from received
    where first_rank <> 1 or last_rank <> movies
    union all
    select
        'a movie was already rated by the viewer' as failed_check,
        count(*) as failures
    from lists
    inner join core.ratings on lists.user_id = ratings.user_id and lists.movie_id = ratings.movie_id
    union all
    select
        'a movie is not in the catalogue' as failed_check,
        count(*) as failures
    from lists
    where
        not exists (
            select 1 from core.movies
            where movies.movie_id = lists.movie_id
        )
    union all
    select
        'a score is not a finite number or rises with the rank' as failed_check,
        count(*) as failures
    from ordered
    where score in ('NaN', 'Infinity', '-Infinity') or score > better_score
    union all
    select
        'the evidence is not in the viewer''s history' as failed_check,
        count(*) as failures
    from lists
    where
        because_movie_id is not null
        and not exists (
            select 1
            from core.ratings
            where ratings.user_id = lists.user_id and ratings.movie_id = lists.because_movie_id
        )
    union all
    select
        'a movie has not exactly the due number of similar movies' as failed_check,
        count(*) as failures
    from similar_lists
    cross join catalogue
    where
        similar_lists.others <> least(%(similar_length)s, catalogue.movies - 1)
        or similar_lists.received <> similar_lists.others
    union all
    select
        'the newcomers'' list has not exactly the due number of movies' as failed_check,
        count(*) as failures
    from newcomers
    cross join version
    cross join catalogue
    where newcomers.movies <> least(version.list_length, catalogue.movies)
)

select
    failed_check,
    failures
from checks
where failures > 0
order by failed_check;
