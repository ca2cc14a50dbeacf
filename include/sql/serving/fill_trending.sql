-- Purpose: the shelves of movies that are rated more often of late than usual.
-- Grain: shelf and rank. Key: version_id, shelf_id, key, rank. Inputs: serving.shelf, ratings (of the schema that the
-- search path names). Parameters: version_id, shelf_length.
-- Today is the day of the last rating: a dataset that ends years ago has its trends, too.
with shelf_rule as (
    select
        shelf_id,
        (parameters ->> 'recent_days')::double precision as recent_days,
        (parameters ->> 'usual_days')::double precision as usual_days,
        (parameters ->> 'least_ratings')::integer as least_ratings
    from serving.shelf
    where rule = 'trending'
),

today as (
    select max(rated_at) as moment
    from ratings
),

movie_count as (
    select
        shelf_rule.shelf_id,
        shelf_rule.recent_days,
        shelf_rule.least_ratings,
        ratings.movie_id,
        count(*) filter (
            where ratings.rated_at > today.moment - make_interval(secs => 86400 * shelf_rule.recent_days)
        ) as recent,
        count(*) filter (
            where ratings.rated_at <= today.moment - make_interval(secs => 86400 * shelf_rule.recent_days)
        ) * shelf_rule.recent_days / shelf_rule.usual_days as usual
    from shelf_rule
    cross join today
    inner join ratings
        on
            ratings.rated_at
            > today.moment - make_interval(secs => 86400 * (shelf_rule.recent_days + shelf_rule.usual_days))
    group by
        shelf_rule.shelf_id, shelf_rule.recent_days, shelf_rule.usual_days, shelf_rule.least_ratings, ratings.movie_id
),

scored_movie as (
    select
        shelf_id,
        movie_id,
        recent,
        usual,
        recent_days,
        (recent - usual) / sqrt(usual + 1) as score
    from movie_count
    where recent >= least_ratings and recent > usual
),

ranked_movie as (
    select
        shelf_id,
        movie_id,
        recent,
        usual,
        recent_days,
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
    concat(recent, ' ratings in the last ', recent_days, ' days, usually ', round(usual::numeric, 1)) as evidence
from ranked_movie
where rank <= %(shelf_length)s;
