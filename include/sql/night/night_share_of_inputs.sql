-- Purpose: how the facts of a batch are distributed: ratings by stars, viewers by how much they rate, ratings by genre.
-- Grain and key: batch_id, distribution, bucket. Inputs: ratings and movie_genre of the schema that the search path
-- names. Parameters: batch_id.
delete from ops.night_share
where batch_id = %(batch_id)s and distribution in ('stars', 'activity', 'genres');

with movie_count as (
    select
        movie_id,
        ceil(rating)::integer as stars,
        count(*) as ratings
    from ratings
    group by movie_id, ceil(rating)::integer
),

viewer_count as (
    select count(*) as ratings
    from ratings
    group by user_id
),

viewer_bucket as (
    select
        case
            when ratings < 10 then 'under 10'
            when ratings < 20 then '10 to 19'
            when ratings < 50 then '20 to 49'
            when ratings < 100 then '50 to 99'
            when ratings < 250 then '100 to 249'
            else '250 or more'
        end as bucket
    from viewer_count
),

bucket_count as (
    select
        'stars' as distribution,
        'up to ' || stars as bucket,
        sum(ratings) as amount
    from movie_count
    group by stars
    union all
    select
        'activity' as distribution,
        bucket,
        count(*) as amount
    from viewer_bucket
    group by bucket
    union all
    select
        'genres' as distribution,
        movie_genre.genre as bucket,
        sum(movie_count.ratings) as amount
    from movie_count
    inner join movie_genre on movie_count.movie_id = movie_genre.movie_id
    group by movie_genre.genre
)

insert into ops.night_share (batch_id, distribution, bucket, share)
select
    %(batch_id)s as batch_id,
    distribution,
    bucket,
    (amount / sum(amount) over (partition by distribution))::double precision as share
from bucket_count
where amount > 0;
