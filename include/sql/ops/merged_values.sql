-- Purpose: columns of ratings in which different texts became one value (007 and 7), or in which nearly all moments are
-- blunt: whole thousands of seconds. The first 50,000 rows of a slice tell.
-- Grain and key: slice_id, column_name. Inputs: raw.ratings, staging.ratings_typed. Parameters: slice_id.
-- noqa: disable=RF03
delete from ops.merged_value
where slice_id = %(slice_id)s;

insert into ops.merged_value (slice_id, column_name, texts, distinct_values, blunt_rows, looked_at)
with first_row as materialized (
    select
        btrim(typed.user_id_text) collate "C" as user_text,
        btrim(typed.movie_id_text) collate "C" as movie_text,
        btrim(typed.rated_at_text) collate "C" as time_text,
        typed.user_id,
        typed.movie_id,
        typed.rated_at,
        extract(epoch from typed.rated_at)::double precision as seconds
    from staging.ratings_typed as typed
    where typed.slice_id = %(slice_id)s and not typed.is_deleted
    limit 50000 -- noqa: AM09
),

-- a column whose texts are all as PostgreSQL writes their values has none that became one
column_summary as materialized (
    select
        bool_or(user_text <> user_id::text) as has_other_users,
        bool_or(movie_text <> movie_id::text) as has_other_movies,
        bool_or(time_text <> seconds::text) as has_other_times,
        count(*) filter (where ops.is_blunt(seconds::numeric)) as blunt_rows,
        count(rated_at) as moments
    from first_row
),

-- a few whole thousands may be accidents: none are reported then
blunt_count as (
    select
        case
            when blunt_rows >= 20 and blunt_rows > ops.max_blunt_share() * moments then blunt_rows else 0
        end as blunt_rows
    from column_summary
),

column_count as (
    select
        'user_id' as column_name,
        count(distinct user_text) filter (where user_id is not null) as texts,
        count(distinct user_id) as distinct_values,
        0 as blunt_rows,
        count(user_id) as looked_at
    from first_row
    where (select column_summary.has_other_users from column_summary)
    union all
    select
        'movie_id' as column_name,
        count(distinct movie_text) filter (where movie_id is not null) as texts,
        count(distinct movie_id) as distinct_values,
        0 as blunt_rows,
        count(movie_id) as looked_at
    from first_row
    where (select column_summary.has_other_movies from column_summary)
    union all
    select
        'rated_at' as column_name,
        count(distinct time_text) filter (where rated_at is not null) as texts,
        count(distinct rated_at) as distinct_values,
        (select blunt_count.blunt_rows from blunt_count) as blunt_rows,
        count(rated_at) as looked_at
    from first_row
    where
        (select column_summary.has_other_times from column_summary)
        or (select blunt_count.blunt_rows > 0 from blunt_count)
)

select
    %(slice_id)s as slice_id,
    column_name,
    texts,
    distinct_values,
    blunt_rows,
    looked_at
from column_count
where
    -- one in a hundred may be written in two ways
    texts > 1.01 * distinct_values
    or blunt_rows > 0;
