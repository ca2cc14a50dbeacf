-- Purpose: measure core as the schema that the search path names shows it: sizes, distributions, references, ranges.
-- Grain and key: batch_id, layer, subject, metric. Inputs: the tables of the schema. Parameters: batch_id.
-- Ratings are read once, by viewer; every other number comes from that or from a small table.
delete from ops.metric
where batch_id = %(batch_id)s and layer = 'core';

set local work_mem = '128MB';

create temporary table rating_of_user on commit drop as
select
    ratings.user_id,
    count(*) as ratings,
    count(movies.movie_id) as of_known_movies,
    sum(ratings.rating::double precision) as stars,
    sum(ratings.rating::double precision * ratings.rating::double precision) as squares,
    count(*) filter (where ops.is_on_scale(ratings.rating)) as valid,
    count(*) filter (where ratings.rating <= 1) as up_to_1,
    count(*) filter (where ratings.rating <= 2) as up_to_2,
    count(*) filter (where ratings.rating <= 3) as up_to_3,
    count(*) filter (where ratings.rating <= 4) as up_to_4,
    max(ratings.rated_at) as newest_at
from ratings
left join movies on ratings.movie_id = movies.movie_id
group by ratings.user_id;

analyze rating_of_user;

with measured_batch as (
    select as_of from ops.batch
    where batch_id = %(batch_id)s
),

rating_summary as (
    select
        coalesce(sum(rating_of_user.ratings), 0) as ratings,
        sum(rating_of_user.stars) / sum(rating_of_user.ratings) as mean_rating,
        sqrt(
            greatest(
                sum(rating_of_user.squares) / sum(rating_of_user.ratings)
                - (sum(rating_of_user.stars) / sum(rating_of_user.ratings))
                ^ 2,
                0
            )
        ) as stddev_rating,
        coalesce(sum(rating_of_user.ratings) - sum(rating_of_user.valid), 0) as out_of_range,
        sum(rating_of_user.up_to_1) / sum(rating_of_user.ratings) as share_1,
        sum(rating_of_user.up_to_2 - rating_of_user.up_to_1) / sum(rating_of_user.ratings) as share_2,
        sum(rating_of_user.up_to_3 - rating_of_user.up_to_2) / sum(rating_of_user.ratings) as share_3,
        sum(rating_of_user.up_to_4 - rating_of_user.up_to_3) / sum(rating_of_user.ratings) as share_4,
        sum(rating_of_user.ratings - rating_of_user.up_to_4) / sum(rating_of_user.ratings) as share_5,
        max(rating_of_user.ratings) as ratings_of_a_user_max,
        percentile_cont(0.5) within group (order by rating_of_user.ratings) as ratings_of_a_user_median,
        greatest(extract(epoch from measured_batch.as_of - max(rating_of_user.newest_at)) / 86400, 0)
            as newest_rating_days
    from measured_batch
    left join rating_of_user on true
    group by measured_batch.as_of
),

movie_summary as (
    select
        count(*) as movies,
        count(*) filter (where exists (
            select 1 from movie_genre
            where movie_genre.movie_id = movies.movie_id
        ))
        / nullif(count(*), 0)::double precision as share_with_genre,
        count(*) filter (
            where exists (
                select 1 from movie_person
                where movie_person.movie_id = movies.movie_id and movie_person.role = 'director'
            )
        ) / nullif(count(*), 0)::double precision as share_with_director,
        count(release_year) / nullif(count(*), 0)::double precision as share_with_release_year
    from movies
),

user_summary as (
    select
        count(*) as users,
        count(*) filter (where num_nonnulls(age, age_group, gender, occupation, postcode) > 0)
        / nullif(count(*), 0)::double precision as share_with_profile
    from users
)

insert into ops.metric (batch_id, layer, subject, metric, value)
select
    %(batch_id)s::bigint as batch_id,
    'core' as layer,
    measured.subject,
    measured.metric,
    measured.value
from rating_summary
cross join movie_summary
cross join user_summary
cross join lateral (
    values
    ('ratings', 'rows', rating_summary.ratings::double precision),
    ('movies', 'rows', movie_summary.movies),
    ('users', 'rows', user_summary.users),
    ('ratings', 'mean_rating', rating_summary.mean_rating),
    ('ratings', 'stddev_rating', rating_summary.stddev_rating),
    ('ratings', 'out_of_range', rating_summary.out_of_range),
    ('up to 1 star', 'share_of_stars', rating_summary.share_1),
    ('up to 2 stars', 'share_of_stars', rating_summary.share_2),
    ('up to 3 stars', 'share_of_stars', rating_summary.share_3),
    ('up to 4 stars', 'share_of_stars', rating_summary.share_4),
    ('up to 5 stars', 'share_of_stars', rating_summary.share_5),
    ('ratings', 'ratings_of_a_user_max', rating_summary.ratings_of_a_user_max),
    ('ratings', 'ratings_of_a_user_median', rating_summary.ratings_of_a_user_median),
    ('ratings', 'newest_rating_days', rating_summary.newest_rating_days),
    ('movies', 'share_with_genre', movie_summary.share_with_genre),
    ('movies', 'share_with_director', movie_summary.share_with_director),
    ('movies', 'share_with_release_year', movie_summary.share_with_release_year),
    ('users', 'share_with_profile', user_summary.share_with_profile)
) as measured (subject, metric, value);

with table_metric (subject, metric, value) as (
    select
        'ratings',
        'unknown_movie',
        coalesce(sum(ratings - of_known_movies), 0)
    from rating_of_user
    union all
    select
        'ratings',
        'unknown_user',
        coalesce(sum(ratings), 0)
    from rating_of_user
    where
        not exists (
            select 1 from users
            where users.user_id = rating_of_user.user_id
        )
    union all
    select
        'tags',
        'unknown_movie',
        count(*)
    from tags
    where
        not exists (
            select 1 from movies
            where movies.movie_id = tags.movie_id
        )
    union all
    select
        'events',
        'unknown_movie',
        count(*)
    from events
    where
        not exists (
            select 1 from movies
            where movies.movie_id = events.movie_id
        )
    union all
    select
        'events',
        'unknown_user',
        count(*)
    from events
    where
        not exists (
            select 1 from users
            where users.user_id = events.user_id
        )
    union all
    select
        'movie_alias',
        'unknown_movie',
        count(*)
    from movie_alias
    where
        not exists (
            select 1 from movies
            where movies.movie_id = movie_alias.movie_id
        )
    union all
    select
        'movie_genre',
        'unknown_movie',
        count(*)
    from movie_genre
    where
        not exists (
            select 1 from movies
            where movies.movie_id = movie_genre.movie_id
        )
    union all
    select
        'movie_person',
        'unknown_movie',
        count(*)
    from movie_person
    where
        not exists (
            select 1 from movies
            where movies.movie_id = movie_person.movie_id
        )
    union all
    select
        'movie_person',
        'unknown_person',
        count(*)
    from movie_person
    where
        not exists (
            select 1 from person
            where person.person_id = movie_person.person_id
        )
    union all
    select
        'movie_country',
        'unknown_movie',
        count(*)
    from movie_country
    where
        not exists (
            select 1 from movies
            where movies.movie_id = movie_country.movie_id
        )
    union all
    select
        'movie_alias',
        'rows',
        count(*)
    from movie_alias
    union all
    select
        'movie_claim',
        'rows',
        count(*)
    from movie_claim
    union all
    select
        'movie_genre',
        'rows',
        count(*)
    from movie_genre
    union all
    select
        'person',
        'rows',
        count(*)
    from person
    union all
    select
        'movie_person',
        'rows',
        count(*)
    from movie_person
    union all
    select
        'movie_country',
        'rows',
        count(*)
    from movie_country
    union all
    select
        'genome',
        'rows',
        count(*)
    from genome
    union all
    select
        'tags',
        'rows',
        count(*)
    from tags
    union all
    select
        'events',
        'rows',
        count(*)
    from events
)

insert into ops.metric (batch_id, layer, subject, metric, value)
select
    %(batch_id)s::bigint as batch_id,
    'core' as layer,
    subject,
    metric,
    value
from table_metric;

drop table rating_of_user;
