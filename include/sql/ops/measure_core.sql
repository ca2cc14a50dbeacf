-- Purpose: measure the layer that the search path names: sizes, distributions, references, ranges.
-- Grain and key: batch_id, layer, subject, metric. Inputs: the tables of the layer. Parameters: batch_id.
-- Ratings are read twice, by viewer and by movie; every other number comes from those two or from a small table.
delete from ops.metric
where batch_id = %(batch_id)s and layer = 'core';

set local work_mem = '128MB';

create temporary table rating_of_user on commit drop as
select
    user_id,
    count(*) as ratings,
    sum(rating::double precision) as stars,
    sum(rating::double precision * rating::double precision) as squares,
    count(*) filter (where rating between 0.5 and 5) as valid,
    count(*) filter (where rating <= 1) as up_to_1,
    count(*) filter (where rating <= 2) as up_to_2,
    count(*) filter (where rating <= 3) as up_to_3,
    count(*) filter (where rating <= 4) as up_to_4,
    max(rated_at) as newest_at
from ratings
group by user_id;

create temporary table rating_of_movie on commit drop as
select
    movie_id,
    count(*) as ratings
from ratings
group by movie_id;

analyze rating_of_user, rating_of_movie;

with ratings_in_all as (
    select
        coalesce(sum(ratings), 0) as ratings,
        sum(stars) / sum(ratings) as mean_rating,
        sqrt(greatest(sum(squares) / sum(ratings) - (sum(stars) / sum(ratings)) ^ 2, 0)) as stddev_rating,
        coalesce(sum(ratings) - sum(valid), 0) as out_of_range,
        sum(up_to_1) / sum(ratings) as share_1,
        sum(up_to_2 - up_to_1) / sum(ratings) as share_2,
        sum(up_to_3 - up_to_2) / sum(ratings) as share_3,
        sum(up_to_4 - up_to_3) / sum(ratings) as share_4,
        sum(ratings - up_to_4) / sum(ratings) as share_5,
        max(ratings) as ratings_of_a_user_max,
        percentile_cont(0.5) within group (order by ratings) as ratings_of_a_user_median,
        max(newest_at) as newest_at
    from rating_of_user
),

movies_in_all as (
    select
        count(*) as movies,
        count(*) filter (where exists (select 1 from movie_genre where movie_genre.movie_id = movies.movie_id))
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

users_in_all as (
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
from ratings_in_all
cross join movies_in_all
cross join users_in_all
cross join lateral (
    values
    ('ratings', 'rows', ratings::double precision),
    ('movies', 'rows', movies),
    ('users', 'rows', users),
    ('movie_alias', 'rows', (select count(*) from movie_alias)),
    ('movie_claim', 'rows', (select count(*) from movie_claim)),
    ('movie_genre', 'rows', (select count(*) from movie_genre)),
    ('person', 'rows', (select count(*) from person)),
    ('movie_person', 'rows', (select count(*) from movie_person)),
    ('movie_country', 'rows', (select count(*) from movie_country)),
    ('tags', 'rows', (select count(*) from tags)),
    ('events', 'rows', (select count(*) from events)),
    ('ratings', 'mean_rating', mean_rating),
    ('ratings', 'stddev_rating', stddev_rating),
    ('ratings', 'out_of_range', out_of_range),
    ('up to 1 star', 'share_of_stars', share_1),
    ('up to 2 stars', 'share_of_stars', share_2),
    ('up to 3 stars', 'share_of_stars', share_3),
    ('up to 4 stars', 'share_of_stars', share_4),
    ('up to 5 stars', 'share_of_stars', share_5),
    ('ratings', 'ratings_of_a_user_max', ratings_of_a_user_max),
    ('ratings', 'ratings_of_a_user_median', ratings_of_a_user_median),
    (
        'ratings', 'newest_rating_days',
        (
            select greatest(extract(epoch from batch.as_of - newest_at) / 86400, 0)
            from ops.batch
            where batch.batch_id = %(batch_id)s
        )
    ),
    ('movies', 'share_with_genre', share_with_genre),
    ('movies', 'share_with_director', share_with_director),
    ('movies', 'share_with_release_year', share_with_release_year),
    ('users', 'share_with_profile', share_with_profile)
) as measured (subject, metric, value);

with orphan (subject, metric, value) as (
    select
        'ratings',
        'unknown_movie',
        coalesce(sum(ratings), 0)
    from rating_of_movie
    where not exists (select 1 from movies where movies.movie_id = rating_of_movie.movie_id)
    union all
    select
        'ratings',
        'unknown_user',
        coalesce(sum(ratings), 0)
    from rating_of_user
    where not exists (select 1 from users where users.user_id = rating_of_user.user_id)
    union all
    select
        'tags',
        'unknown_movie',
        count(*)
    from tags
    where not exists (select 1 from movies where movies.movie_id = tags.movie_id)
    union all
    select
        'events',
        'unknown_movie',
        count(*)
    from events
    where not exists (select 1 from movies where movies.movie_id = events.movie_id)
    union all
    select
        'events',
        'unknown_user',
        count(*)
    from events
    where not exists (select 1 from users where users.user_id = events.user_id)
    union all
    select
        'movie_alias',
        'unknown_movie',
        count(*)
    from movie_alias
    where not exists (select 1 from movies where movies.movie_id = movie_alias.movie_id)
    union all
    select
        'movie_genre',
        'unknown_movie',
        count(*)
    from movie_genre
    where not exists (select 1 from movies where movies.movie_id = movie_genre.movie_id)
    union all
    select
        'movie_person',
        'unknown_movie',
        count(*)
    from movie_person
    where not exists (select 1 from movies where movies.movie_id = movie_person.movie_id)
    union all
    select
        'movie_person',
        'unknown_person',
        count(*)
    from movie_person
    where not exists (select 1 from person where person.person_id = movie_person.person_id)
    union all
    select
        'movie_country',
        'unknown_movie',
        count(*)
    from movie_country
    where not exists (select 1 from movies where movies.movie_id = movie_country.movie_id)
)

insert into ops.metric (batch_id, layer, subject, metric, value)
select
    %(batch_id)s::bigint as batch_id,
    'core' as layer,
    subject,
    metric,
    value
from orphan;

drop table rating_of_user, rating_of_movie;
