-- Purpose: what a version must satisfy before anyone sees it; each line names a check and how often it failed.
-- Grain: check. Inputs: serving.recommendation, similar_movie, fallback; core;
-- ml.feedback_weight. Parameters: version_id, similar_length, relevant_from, liked_weight.
with version as (
    select
        version_id,
        list_length
    from serving.version
    where version_id = %(version_id)s
),

catalogue as (
    select count(*) as movies
    from movies
),

lists as (
    select recommendation.*
    from serving.recommendation
    inner join version on recommendation.version_id = version.version_id
),

entries as (
    select
        'the list of a viewer' as kind,
        user_id as owner,
        rank,
        movie_id,
        score
    from lists
    union all
    select
        'the movies similar to a movie' as kind,
        similar_movie.movie_id as owner,
        similar_movie.rank,
        similar_movie.similar_movie_id as movie_id,
        similar_movie.score
    from serving.similar_movie
    inner join version on similar_movie.version_id = version.version_id
    union all
    select
        'the list for newcomers' as kind,
        0 as owner,
        fallback.rank,
        fallback.movie_id,
        fallback.score
    from serving.fallback
    inner join version on fallback.version_id = version.version_id
),

said as (
    select
        user_id,
        movie_id,
        rating >= %(relevant_from)s as is_liked
    from ratings
    union all
    select
        events.user_id,
        events.movie_id,
        bool_or(feedback_weight.weight >= %(liked_weight)s) as is_liked
    from events
    inner join ml.feedback_weight on events.kind = feedback_weight.kind
    where
        not exists (
            select 1 from ratings
            where ratings.user_id = events.user_id and ratings.movie_id = events.movie_id
        )
    group by events.user_id, events.movie_id
),

viewers as (
    select user_id from said
    union
    select user_id
    from users
    where age is not null or gender is not null
),

due as (
    select
        'the list of a viewer' as kind,
        viewers.user_id as owner,
        least(version.list_length, catalogue.movies - count(said.movie_id)) as movies
    from viewers
    cross join version
    cross join catalogue
    left join said on viewers.user_id = said.user_id
    group by viewers.user_id, version.list_length, catalogue.movies
    union all
    select
        'the movies similar to a movie' as kind,
        movies.movie_id as owner,
        least(%(similar_length)s, catalogue.movies - 1) as movies
    from movies
    cross join catalogue
    union all
    select
        'the list for newcomers' as kind,
        0 as owner,
        least(version.list_length, catalogue.movies) as movies
    from version
    cross join catalogue
),

received as (
    select
        kind,
        owner,
        count(*) as movies,
        count(distinct movie_id) as distinct_movies,
        min(rank) as first_rank,
        max(rank) as last_rank
    from entries
    group by kind, owner
),

ordered as (
    select
        kind,
        score,
        lag(score) over (partition by kind, owner order by rank) as better_score
    from entries
),

checks as (
    select
        coalesce(due.kind, received.kind) || ' has not exactly the due number of movies' as failed_check,
        count(*) as failures
    from due
    full join received on due.kind = received.kind and due.owner = received.owner
    where coalesce(due.movies, 0) <> coalesce(received.movies, 0)
    group by coalesce(due.kind, received.kind)
    union all
    select
        kind || ' has a movie twice' as failed_check,
        count(*) as failures
    from received
    where distinct_movies < movies
    group by kind
    union all
    select
        kind || ' has other ranks than 1, 2, 3, …' as failed_check,
        count(*) as failures
    from received
    where first_rank <> 1 or last_rank <> movies
    group by kind
    union all
    select
        kind || ' has a movie that is not in the catalogue' as failed_check,
        count(*) as failures
    from entries
    where
        not exists (
            select 1 from movies
            where movies.movie_id = entries.movie_id
        )
    group by kind
    union all
    select
        kind || ' has a score that is not finite or rises with the rank' as failed_check,
        count(*) as failures
    from ordered
    where score in ('NaN', 'Infinity', '-Infinity') or score > better_score
    group by kind
    union all
    select
        'a movie is similar to itself' as failed_check,
        count(*) as failures
    from entries
    where kind = 'the movies similar to a movie' and owner = movie_id
    union all
    select
        'a movie was already rated by the viewer' as failed_check,
        count(*) as failures
    from lists
    inner join said on lists.user_id = said.user_id and lists.movie_id = said.movie_id
    union all
    select
        'the evidence is not a movie that the viewer liked' as failed_check,
        count(*) as failures
    from lists
    left join said on lists.user_id = said.user_id and lists.because_movie_id = said.movie_id
    where lists.because_movie_id is not null and said.is_liked is not true
    union all
    select
        'a reason is empty' as failed_check,
        count(*) as failures
    from lists
    where btrim(reason) = ''
    union all
    select
        'no viewer has a list' as failed_check,
        1 as failures
    where not exists (select 1 from lists)
)

select
    failed_check,
    failures
from checks
where failures > 0
order by failed_check;
