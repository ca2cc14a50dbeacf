-- Purpose: what a version must satisfy before anyone sees it; each line names a check and how often it failed.
-- Grain: check. Key: failed_check. Inputs: serving.version, .recommendation, .candidate, .similar_movie,
-- .fallback, .catalogue, .item_weight; ratings, feedback, users and movies of the schema that the search path names.
-- Parameters: version_id, similar_length, relevant_from (stars), liked_weight.
with audited_version as (
    select
        version_id,
        list_length,
        candidates
    from serving.version
    where version_id = %(version_id)s
),

catalogue_size as (
    select count(*) as movies
    from movies
),

viewer_list as (
    select recommendation.*
    from serving.recommendation
    inner join audited_version on recommendation.version_id = audited_version.version_id
),

list_entry as (
    select
        'the list of a viewer' as kind,
        user_id as owner,
        rank,
        movie_id,
        score
    from viewer_list
    union all
    select
        'the list of similar movies' as kind,
        similar_movie.movie_id as owner,
        similar_movie.rank,
        similar_movie.similar_movie_id as movie_id,
        similar_movie.score
    from serving.similar_movie
    inner join audited_version on similar_movie.version_id = audited_version.version_id
    union all
    select
        'the fallback list' as kind,
        0 as owner,
        fallback.rank,
        fallback.movie_id,
        fallback.score
    from serving.fallback
    inner join audited_version on fallback.version_id = audited_version.version_id
),

opinion as (
    select
        user_id,
        movie_id,
        rating >= %(relevant_from)s as is_liked
    from ratings
    union all
    select
        user_id,
        movie_id,
        weight >= %(liked_weight)s as is_liked
    from feedback
),

viewer as (
    select user_id from opinion
    union
    select user_id
    from users
    where age is not null or gender is not null
),

expected_list as (
    select
        'the list of a viewer' as kind,
        viewer.user_id as owner,
        least(audited_version.list_length, catalogue_size.movies - count(opinion.movie_id)) as movies
    from viewer
    cross join audited_version
    cross join catalogue_size
    left join opinion on viewer.user_id = opinion.user_id
    group by viewer.user_id, audited_version.list_length, catalogue_size.movies
    union all
    select
        'the list of similar movies' as kind,
        movies.movie_id as owner,
        least(%(similar_length)s, catalogue_size.movies - 1) as movies
    from movies
    cross join catalogue_size
    union all
    select
        'the fallback list' as kind,
        0 as owner,
        least(audited_version.list_length, catalogue_size.movies) as movies
    from audited_version
    cross join catalogue_size
),

candidate as (
    select
        candidate.user_id,
        candidate.movie_ids
    from serving.candidate
    inner join audited_version on candidate.version_id = audited_version.version_id
),

candidate_movie as (
    select
        candidate.user_id,
        movie.movie_id
    from candidate
    cross join unnest(candidate.movie_ids) as movie (movie_id)
),

expected_candidates as (
    select
        viewer.user_id,
        least(
            audited_version.candidates,
            greatest(catalogue_size.movies - count(opinion.movie_id) - audited_version.list_length, 0)
        ) as movies
    from viewer
    cross join audited_version
    cross join catalogue_size
    left join opinion on viewer.user_id = opinion.user_id
    group by viewer.user_id, audited_version.candidates, audited_version.list_length, catalogue_size.movies
),

received_list as (
    select
        kind,
        owner,
        count(*) as movies,
        count(distinct movie_id) as distinct_movies,
        min(rank) as first_rank,
        max(rank) as last_rank
    from list_entry
    group by kind, owner
),

ranked_entry as (
    select
        kind,
        score,
        lag(score) over (partition by kind, owner order by rank) as better_score
    from list_entry
),

check_result as (
    select
        coalesce(expected_list.kind, received_list.kind) || ' does not have the expected number of movies'
            as failed_check,
        count(*) as failures
    from expected_list
    full join received_list on expected_list.kind = received_list.kind and expected_list.owner = received_list.owner
    where coalesce(expected_list.movies, 0) <> coalesce(received_list.movies, 0)
    group by coalesce(expected_list.kind, received_list.kind)
    union all
    select
        kind || ' has a movie twice' as failed_check,
        count(*) as failures
    from received_list
    where distinct_movies < movies
    group by kind
    union all
    select
        kind || ' has other ranks than 1, 2, 3, …' as failed_check,
        count(*) as failures
    from received_list
    where first_rank <> 1 or last_rank <> movies
    group by kind
    union all
    select
        kind || ' has a movie that is not in the catalogue' as failed_check,
        count(*) as failures
    from list_entry
    where
        not exists (
            select 1 from movies
            where movies.movie_id = list_entry.movie_id
        )
    group by kind
    union all
    select
        kind || ' has a score that is not finite or rises with the rank' as failed_check,
        count(*) as failures
    from ranked_entry
    where score in ('NaN', 'Infinity', '-Infinity') or score > better_score
    group by kind
    union all
    select
        'a movie is similar to itself' as failed_check,
        count(*) as failures
    from list_entry
    where kind = 'the list of similar movies' and owner = movie_id
    union all
    select
        'a movie was already seen by the viewer' as failed_check,
        count(*) as failures
    from viewer_list
    inner join opinion on viewer_list.user_id = opinion.user_id and viewer_list.movie_id = opinion.movie_id
    union all
    select
        'the evidence is not a movie that the viewer liked' as failed_check,
        count(*) as failures
    from viewer_list
    left join opinion on viewer_list.user_id = opinion.user_id and viewer_list.because_movie_id = opinion.movie_id
    where viewer_list.because_movie_id is not null and opinion.is_liked is not true
    union all
    select
        'a reason is empty' as failed_check,
        count(*) as failures
    from viewer_list
    where btrim(reason) = ''
    union all
    select
        'what follows a list does not have the expected number of movies' as failed_check,
        count(*) as failures
    from expected_candidates
    full join candidate on expected_candidates.user_id = candidate.user_id
    where coalesce(expected_candidates.movies, 0) <> coalesce(cardinality(candidate.movie_ids), 0)
    union all
    select
        'what follows a list has a movie that is not in the catalogue' as failed_check,
        count(*) as failures
    from candidate_movie
    where
        not exists (
            select 1 from movies
            where movies.movie_id = candidate_movie.movie_id
        )
    union all
    select
        'what follows a list has a movie that was already seen by the viewer' as failed_check,
        count(*) as failures
    from candidate_movie
    inner join opinion on candidate_movie.user_id = opinion.user_id and candidate_movie.movie_id = opinion.movie_id
    union all
    select
        'the catalogue of the version lacks a movie' as failed_check,
        count(*) as failures
    from movies
    where
        not exists (
            select 1
            from serving.catalogue
            inner join audited_version on catalogue.version_id = audited_version.version_id
            where catalogue.movie_id = movies.movie_id
        )
    union all
    select
        'an item weight is not a finite number above 0' as failed_check,
        count(*) as failures
    from serving.item_weight
    inner join audited_version on item_weight.version_id = audited_version.version_id
    cross join unnest(item_weight.weights) as pair (weight)
    where pair.weight in ('NaN', 'Infinity') or pair.weight <= 0
    union all
    select
        'no viewer has a list' as failed_check,
        1 as failures
    where not exists (select 1 from viewer_list)
)

select
    failed_check,
    failures
from check_result
where failures > 0
order by failed_check;
