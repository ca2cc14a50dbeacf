-- Purpose: the shelves of what is popular: of a genre, of a decade, with a group of viewers, and of late.
-- Grain: shelf, key and rank. Key: version_id, shelf_id, key, rank. Inputs: serving.shelf, serving.group_name(),
-- ratings, feedback, movies, movie_genre, users (of the schema that the search path names).
-- Parameters: version_id, shelf_length, relevant_from (stars), liked_weight.
with liked_movie as (
    select
        user_id,
        movie_id
    from ratings
    where rating >= %(relevant_from)s
    union all
    select
        user_id,
        movie_id
    from feedback
    where weight >= %(liked_weight)s
),

movie_likes as (
    select
        movie_id,
        count(*) as viewers
    from liked_movie
    group by movie_id
),

viewer_group as (
    select
        user_id,
        serving.group_name(age, gender) as group_name
    from users
    where serving.group_name(age, gender) is not null
),

today as (
    select max(rated_at) as moment
    from ratings
),

popular_movie as (
    select
        'genre' as rule,
        null as shelf_id,
        movie_genre.genre as key,
        movie_likes.movie_id,
        movie_likes.viewers,
        concat('Liked by ', movie_likes.viewers, ' viewers') as evidence
    from movie_likes
    inner join movie_genre on movie_likes.movie_id = movie_genre.movie_id
    union all
    select
        'decade' as rule,
        null as shelf_id,
        concat(movies.release_year / 10 * 10, 's') as key,
        movie_likes.movie_id,
        movie_likes.viewers,
        concat('Liked by ', movie_likes.viewers, ' viewers') as evidence
    from movie_likes
    inner join movies on movie_likes.movie_id = movies.movie_id
    where movies.release_year is not null
    union all
    select
        'group' as rule,
        null as shelf_id,
        viewer_group.group_name as key,
        liked_movie.movie_id,
        count(*) as viewers,
        concat('Liked by ', count(*), ' ', viewer_group.group_name) as evidence
    from liked_movie
    inner join viewer_group on liked_movie.user_id = viewer_group.user_id
    group by viewer_group.group_name, liked_movie.movie_id
    union all
    select
        'popular_now' as rule,
        shelf.shelf_id,
        '' as key,
        ratings.movie_id,
        count(*) as viewers,
        concat(count(*), ' ratings in the last ', shelf.parameters ->> 'recent_days', ' days') as evidence
    from serving.shelf
    cross join today
    inner join ratings
        on
            ratings.rated_at
            > today.moment - make_interval(secs => 86400 * (shelf.parameters ->> 'recent_days')::double precision)
    where shelf.rule = 'popular_now'
    group by shelf.shelf_id, shelf.parameters, ratings.movie_id
),

ranked_movie as (
    select
        shelf.shelf_id,
        popular_movie.key,
        popular_movie.movie_id,
        popular_movie.viewers,
        popular_movie.evidence,
        row_number() over (
            partition by shelf.shelf_id, popular_movie.key
            order by popular_movie.viewers desc, popular_movie.movie_id asc
        ) as rank
    from popular_movie
    inner join serving.shelf
        on popular_movie.rule = shelf.rule and coalesce(popular_movie.shelf_id, shelf.shelf_id) = shelf.shelf_id
)

insert into serving.shelf_entry (version_id, shelf_id, key, rank, movie_id, score, evidence)
select
    %(version_id)s as version_id,
    shelf_id,
    key,
    rank,
    movie_id,
    viewers,
    evidence
from ranked_movie
where rank <= %(shelf_length)s;
