-- Purpose: what a delta must satisfy before anyone sees it, as audit.sql asks of a version; each line names a check and
-- how often it failed.
-- Grain: check. Key: failed_check. Inputs: serving.delta, .version, .delta_viewer, .delta_recommendation, .catalogue,
-- serving.opinion(). Parameters: delta_id, relevant_from (stars), liked_weight.
-- Some checks stand in serving/audit.sql, too: to share them, the lists of all viewers would first have to be written
-- into a table of one form for both.
with audited_delta as (
    select
        delta.delta_id,
        delta.version_id,
        delta.seen,
        version.list_length,
        version.candidates
    from serving.delta
    inner join serving.version on delta.version_id = version.version_id
    where delta.delta_id = %(delta_id)s
),

viewer as (
    select
        delta_viewer.user_id,
        delta_viewer.candidate_ids
    from serving.delta_viewer
    inner join audited_delta on delta_viewer.delta_id = audited_delta.delta_id
),

-- who has given feedback since the delta was written is in the next one, and is not held against this one
settled_viewer as (
    select viewer.user_id
    from viewer
    cross join audited_delta
    where
        not exists (
            select 1 from serving.viewer_event
            where
                viewer_event.user_id = viewer.user_id
                and not pg_visible_in_snapshot(viewer_event.changed_by, audited_delta.seen)
        )
        and not exists (
            select 1 from serving.incoming_event
            where
                incoming_event.user_id = viewer.user_id
                and not pg_visible_in_snapshot(incoming_event.changed_by, audited_delta.seen)
        )
),

list_entry as (
    select delta_recommendation.*
    from serving.delta_recommendation
    inner join audited_delta on delta_recommendation.delta_id = audited_delta.delta_id
),

prepared_movie as (
    select
        user_id,
        movie_id
    from list_entry
    union all
    select
        viewer.user_id,
        candidate.movie_id
    from viewer
    cross join unnest(viewer.candidate_ids) as candidate (movie_id)
),

opinion as materialized (
    select
        opinion.user_id,
        opinion.movie_id,
        coalesce(opinion.rating >= %(relevant_from)s, opinion.weight >= %(liked_weight)s) as is_liked
    from audited_delta
    cross join serving.opinion(array(select settled_viewer.user_id from settled_viewer)) as opinion
    inner join serving.catalogue
        on audited_delta.version_id = catalogue.version_id and opinion.movie_id = catalogue.movie_id
),

catalogue_size as (
    select count(*) as movies
    from serving.catalogue
    inner join audited_delta on catalogue.version_id = audited_delta.version_id
),

opinion_count as (
    select
        user_id,
        count(*) as movies
    from opinion
    group by user_id
),

unseen_count as (
    select
        settled_viewer.user_id,
        catalogue_size.movies - coalesce(opinion_count.movies, 0) as movies
    from settled_viewer
    cross join catalogue_size
    left join opinion_count on settled_viewer.user_id = opinion_count.user_id
),

prepared_count as (
    select
        user_id,
        count(*) as movies,
        count(distinct movie_id) as distinct_movies
    from prepared_movie
    group by user_id
),

received_list as (
    select
        user_id,
        count(*) as movies,
        min(rank) as first_rank,
        max(rank) as last_rank
    from list_entry
    group by user_id
),

ranked_entry as (
    select
        score,
        lag(score) over (partition by user_id order by rank) as better_score
    from list_entry
),

check_result as (
    select
        'a viewer does not have the expected number of movies' as failed_check,
        count(*) as failures
    from unseen_count
    cross join audited_delta
    left join prepared_count on unseen_count.user_id = prepared_count.user_id
    left join received_list on unseen_count.user_id = received_list.user_id
    where
        coalesce(prepared_count.movies, 0)
        <> least(audited_delta.list_length + audited_delta.candidates, unseen_count.movies)
        or coalesce(received_list.movies, 0) <> least(audited_delta.list_length, unseen_count.movies)
    union all
    select
        'a list is of a viewer whom the delta does not name' as failed_check,
        count(*) as failures
    from received_list
    where
        not exists (
            select 1 from viewer
            where viewer.user_id = received_list.user_id
        )
    union all
    select
        'a viewer has a movie twice' as failed_check,
        count(*) as failures
    from prepared_count
    where distinct_movies < movies
    union all
    select
        'a list has other ranks than 1, 2, 3, …' as failed_check,
        count(*) as failures
    from received_list
    where first_rank <> 1 or last_rank <> movies
    union all
    select
        'a movie is not in the catalogue of the version' as failed_check,
        count(*) as failures
    from prepared_movie
    where
        not exists (
            select 1
            from serving.catalogue
            inner join audited_delta on catalogue.version_id = audited_delta.version_id
            where catalogue.movie_id = prepared_movie.movie_id
        )
    union all
    select
        'a list has a score that is not finite or rises with the rank' as failed_check,
        count(*) as failures
    from ranked_entry
    where score in ('NaN', 'Infinity', '-Infinity') or score > better_score
    union all
    select
        'a movie was already seen by the viewer' as failed_check,
        count(*) as failures
    from prepared_movie
    inner join opinion on prepared_movie.user_id = opinion.user_id and prepared_movie.movie_id = opinion.movie_id
    union all
    select
        'the evidence is not a movie that the viewer liked' as failed_check,
        count(*) as failures
    from list_entry
    inner join settled_viewer on list_entry.user_id = settled_viewer.user_id
    left join opinion on list_entry.user_id = opinion.user_id and list_entry.because_movie_id = opinion.movie_id
    where list_entry.because_movie_id is not null and opinion.is_liked is not true
    union all
    select
        'a reason is empty' as failed_check,
        count(*) as failures
    from list_entry
    where btrim(reason) = ''
)

select
    failed_check,
    failures
from check_result
where failures > 0
order by failed_check;
