-- Purpose: viewers and movies of whom rules have taken every rating that a slice holds, five or more, however small
-- their share of the slice is.
-- Grain and key: slice_id, column_name, rule. Inputs: quarantine.row, staging.ratings. Parameters: slice_id.
delete from ops.lost_entity
where slice_id = %(slice_id)s;

insert into ops.lost_entity (slice_id, column_name, rule, entities, rows)
with rejected_entity as materialized (
    select
        keyed.column_name,
        keyed.value,
        ops.as_bigint(keyed.value) as id,
        count(*) as rejected_rows,
        min(rejected_row.broken_rules[1]) as rule
    from quarantine.row as rejected_row
    cross join
        lateral (
            values ('user_id', rejected_row.record ->> 'user_id'), ('movie_id', rejected_row.record ->> 'movie_id')
        ) as keyed (column_name, value)
    where rejected_row.slice_id = %(slice_id)s and ops.as_word(keyed.value) is not null
    group by keyed.column_name, keyed.value
    having count(*) >= 5
),

-- "is true" keeps them from becoming joins: hashed once, whatever the planner believes. Of a slice that was staged just
-- now it knows no rows, and would compare each of them with each rejected viewer.
kept_user as (
    select distinct ratings.user_id as id
    from staging.ratings
    where
        ratings.slice_id = %(slice_id)s
        and (
            ratings.user_id in (
                select rejected_entity.id from rejected_entity
                where rejected_entity.column_name = 'user_id'
            )
        ) is true
        -- without one, no row is read
        and exists (
            select 1 from rejected_entity
            where rejected_entity.column_name = 'user_id'
        )
),

kept_movie as (
    select distinct ratings.movie_id as id
    from staging.ratings
    where
        ratings.slice_id = %(slice_id)s
        and (
            ratings.movie_id in (
                select rejected_entity.id from rejected_entity
                where rejected_entity.column_name = 'movie_id'
            )
        ) is true
        -- without one, no row is read
        and exists (
            select 1 from rejected_entity
            where rejected_entity.column_name = 'movie_id'
        )
)

select
    %(slice_id)s as slice_id,
    rejected_entity.column_name,
    rejected_entity.rule,
    count(*) as entities,
    sum(rejected_entity.rejected_rows) as rows
from rejected_entity
where
    (
        rejected_entity.column_name = 'user_id'
        and rejected_entity.id in (select kept_user.id from kept_user)
    ) is not true
    and (
        rejected_entity.column_name = 'movie_id'
        and rejected_entity.id in (select kept_movie.id from kept_movie)
    ) is not true
group by rejected_entity.column_name, rejected_entity.rule;
