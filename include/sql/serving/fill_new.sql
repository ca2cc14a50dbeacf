-- Purpose: the shelves of movies that were first rated of late, the best rated first.
-- Grain: shelf and rank. Key: version_id, shelf_id, key, rank. Inputs: serving.shelf, ratings (of the schema that the
-- search path names). Parameters: version_id, shelf_length.
with shelf_rule as (
    select
        shelf_id,
        (parameters ->> 'recent_days')::double precision as recent_days,
        (parameters ->> 'least_ratings')::integer as least_ratings,
        (parameters ->> 'prior_ratings')::double precision as prior_ratings
    from serving.shelf
    where rule = 'new'
),

rating_summary as (
    select
        avg(rating) as mean_rating,
        max(rated_at) as today
    from ratings
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

-- few ratings say little: the mean of all counts as so many more of them
scored_movie as (
    select
        shelf_rule.shelf_id,
        shelf_rule.recent_days,
        movie_rating.movie_id,
        movie_rating.ratings,
        movie_rating.total / movie_rating.ratings as mean_rating,
        (movie_rating.total + shelf_rule.prior_ratings * rating_summary.mean_rating)
        / (movie_rating.ratings + shelf_rule.prior_ratings) as score
    from shelf_rule
    cross join rating_summary
    inner join movie_rating
        on
            rating_summary.today - make_interval(secs => 86400 * shelf_rule.recent_days) < movie_rating.first_rated_at
            and shelf_rule.least_ratings <= movie_rating.ratings
),

ranked_movie as (
    select
        shelf_id,
        recent_days,
        movie_id,
        ratings,
        mean_rating,
        score,
        row_number() over (partition by shelf_id order by score desc, movie_id asc) as rank
    from scored_movie
)

insert into serving.shelf_entry (version_id, shelf_id, key, rank, movie_id, score, evidence)
select
    %(version_id)s as version_id,
    shelf_id,
    '' as key,
    rank,
    movie_id,
    score,
    concat(
        'New in the last ', recent_days, ' days: ', round(mean_rating::numeric, 1), ' stars in ', ratings, ' ratings'
    ) as evidence
from ranked_movie
where rank <= %(shelf_length)s;
