-- Purpose: the shelves of a version: of each rule the movies with the highest score, and the evidence for it.
-- Grain: shelf, key and rank. Key: version_id, shelf_id, key, rank. Inputs: serving.shelf, serving.group_name(),
-- ops.counted(), ratings, feedback, movies, movie_genre, users (of the schema that the search path names).
-- Parameters: version_id, shelf_length, relevant_from (stars), liked_weight.
with dated_shelf as (
    select
        shelf_id,
        rule,
        (parameters ->> 'recent_days')::double precision as recent_days,
        (parameters ->> 'usual_days')::double precision as usual_days,
        (parameters ->> 'least_ratings')::integer as least_ratings,
        (parameters ->> 'prior_ratings')::double precision as prior_ratings
    from serving.shelf
    where rule in ('popular_now', 'trending', 'new')
),

-- today is the day of the last rating: a dataset that ends years ago has its trends, too
rating_summary as (
    select
        max(rated_at) as today,
        avg(rating) as mean_rating
    from ratings
),

liked_movie as (
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

group_likes as (
    select
        viewer_group.group_name,
        liked_movie.movie_id,
        count(*) as viewers
    from liked_movie
    inner join viewer_group on liked_movie.user_id = viewer_group.user_id
    group by viewer_group.group_name, liked_movie.movie_id
),

recent_movie as (
    select
        dated_shelf.shelf_id,
        dated_shelf.recent_days,
        ratings.movie_id,
        count(*) as ratings
    from dated_shelf
    cross join rating_summary
    inner join ratings
        on ratings.rated_at > rating_summary.today - make_interval(secs => 86400 * dated_shelf.recent_days)
    where dated_shelf.rule = 'popular_now'
    group by dated_shelf.shelf_id, dated_shelf.recent_days, dated_shelf.least_ratings, ratings.movie_id
    -- the first rating after a dataset has ended is no fashion
    having count(*) >= coalesce(dated_shelf.least_ratings, 1)
),

movie_trend as (
    select
        dated_shelf.shelf_id,
        dated_shelf.recent_days,
        dated_shelf.least_ratings,
        ratings.movie_id,
        count(*) filter (
            where ratings.rated_at > rating_summary.today - make_interval(secs => 86400 * dated_shelf.recent_days)
        ) as recent,
        count(*) filter (
            where ratings.rated_at <= rating_summary.today - make_interval(secs => 86400 * dated_shelf.recent_days)
        ) * dated_shelf.recent_days / dated_shelf.usual_days as usual
    from dated_shelf
    cross join rating_summary
    inner join ratings
        on
            ratings.rated_at
            > rating_summary.today
            - make_interval(secs => 86400 * (dated_shelf.recent_days + dated_shelf.usual_days))
    where dated_shelf.rule = 'trending'
    group by
        dated_shelf.shelf_id, dated_shelf.recent_days, dated_shelf.usual_days, dated_shelf.least_ratings,
        ratings.movie_id
),

movie_rating as (
    select
        movie_id,
        count(*) as ratings,
        sum(rating) as total,
        min(rated_at) as first_rated_at
    from ratings
    group by movie_id
),

scored_movie as (
    select
        shelf.shelf_id,
        movie_genre.genre as key,
        movie_likes.movie_id,
        movie_likes.viewers as score,
        concat('Liked by ', ops.counted(movie_likes.viewers, 'viewer')) as evidence
    from movie_likes
    inner join movie_genre on movie_likes.movie_id = movie_genre.movie_id
    inner join serving.shelf on shelf.rule = 'genre'
    union all
    select
        shelf.shelf_id,
        concat(movies.release_year / 10 * 10, 's') as key,
        movie_likes.movie_id,
        movie_likes.viewers as score,
        concat('Liked by ', ops.counted(movie_likes.viewers, 'viewer')) as evidence
    from movie_likes
    inner join movies on movie_likes.movie_id = movies.movie_id
    inner join serving.shelf on shelf.rule = 'decade'
    where movies.release_year is not null
    union all
    select
        shelf.shelf_id,
        group_likes.group_name as key,
        group_likes.movie_id,
        group_likes.viewers as score,
        concat(
            'Liked by ', group_likes.viewers, case group_likes.viewers when 1 then ' of the ' else ' ' end,
            group_likes.group_name
        ) as evidence
    from group_likes
    inner join serving.shelf on shelf.rule = 'group'
    union all
    select
        shelf_id,
        '' as key,
        movie_id,
        ratings as score,
        concat(ops.counted(ratings, 'rating'), ' in the last ', recent_days, ' days') as evidence
    from recent_movie
    union all
    select
        shelf_id,
        '' as key,
        movie_id,
        (recent - usual) / sqrt(usual + 1) as score,
        concat(
            ops.counted(recent, 'rating'), ' in the last ', recent_days, ' days, usually ',
            -- 7 and not 7.0
            coalesce(nullif(round(usual::numeric, 1)::real::text, '0'), 'none')
        ) as evidence
    from movie_trend
    where recent >= least_ratings and recent > usual
    union all
    -- few ratings say little: the mean of all counts as so many more of them
    select
        dated_shelf.shelf_id,
        '' as key,
        movie_rating.movie_id,
        (movie_rating.total + dated_shelf.prior_ratings * rating_summary.mean_rating)
        / (movie_rating.ratings + dated_shelf.prior_ratings) as score,
        concat(
            'New in the last ', dated_shelf.recent_days, ' days: ',
            round((movie_rating.total / movie_rating.ratings)::numeric, 1), ' stars in ',
            ops.counted(movie_rating.ratings, 'rating')
        ) as evidence
    from dated_shelf
    cross join rating_summary
    inner join movie_rating
        on
            rating_summary.today - make_interval(secs => 86400 * dated_shelf.recent_days) < movie_rating.first_rated_at
            and dated_shelf.least_ratings <= movie_rating.ratings
    where dated_shelf.rule = 'new'
),

ranked_movie as (
    select
        shelf_id,
        key,
        movie_id,
        score,
        evidence,
        row_number() over (partition by shelf_id, key order by score desc, movie_id asc) as rank
    from scored_movie
)

insert into serving.shelf_entry (version_id, shelf_id, key, rank, movie_id, score, evidence)
select
    %(version_id)s as version_id,
    shelf_id,
    key,
    rank,
    movie_id,
    score,
    evidence
from ranked_movie
where rank <= %(shelf_length)s;
