-- Purpose: how popular the movies are that the lists of a version show, and where its scores lie among the tenths of
-- the newest earlier night with the same ranker; of the first such night, among its own.
-- Grain and key: batch_id, distribution, bucket. Inputs: serving.version, serving.recommendation, serving.catalogue,
-- ml.training, ops.night. Parameters: batch_id, version_id, k.
delete from ops.night_share
where batch_id = %(batch_id)s and distribution in ('lists', 'scores');

with listed_movie as (
    select
        recommendation.movie_id,
        recommendation.score
    from serving.recommendation
    where recommendation.version_id = %(version_id)s and recommendation.rank <= %(k)s
),

-- Grouped, not joined: of a version that was written just now the planner may believe that it has hardly any rows, and
-- would compare each entry with each movie.
movie_entry as (
    select
        movie_id,
        popularity_rank,
        0 as entries
    from serving.catalogue
    where version_id = %(version_id)s
    union all
    select
        movie_id,
        null as popularity_rank,
        1 as entries
    from listed_movie
),

movie_count as (
    select
        max(popularity_rank) as popularity_rank,
        sum(entries) as entries
    from movie_entry
    group by movie_id
),

popularity_tenth as (
    select
        entries,
        ntile(10) over (order by popularity_rank) as tenth
    from movie_count
    where popularity_rank is not null
),

earlier_night as (
    select night.score_deciles
    from ops.night
    inner join serving.version on version.version_id = %(version_id)s
    inner join ops.batch on batch.batch_id = %(batch_id)s
    where
        night.batch_id <> batch.batch_id
        and night.dataset = batch.dataset
        and night.champion = version.ranker
        and night.score_deciles is not null
        and (night.as_of, night.batch_id) < (batch.as_of, batch.batch_id)
    order by night.as_of desc, night.batch_id desc
    limit 1
),

reference_deciles as (
    select coalesce(
        (select earlier_night.score_deciles from earlier_night),
        (
            select percentile_cont(array[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) within group (order by score)
            from listed_movie
        )
    ) as score_deciles
),

bucket_count as (
    select
        'lists' as distribution,
        'tenth ' || tenth as bucket,
        sum(entries)::double precision as amount
    from popularity_tenth
    group by tenth
    having sum(entries) > 0
    union all
    select
        'scores' as distribution,
        'tenth ' || width_bucket(listed_movie.score, reference_deciles.score_deciles) as bucket,
        count(*)::double precision as amount
    from listed_movie
    cross join reference_deciles
    group by width_bucket(listed_movie.score, reference_deciles.score_deciles)
)

insert into ops.night_share (batch_id, distribution, bucket, share)
select
    %(batch_id)s as batch_id,
    distribution,
    bucket,
    amount / sum(amount) over (partition by distribution) as share
from bucket_count;
