-- Purpose: what sources had to say about a batch, and what the gates warned about.
-- Grain: sentence. Key: none. Inputs: ops.remark, ops.slice, ops.batch_slice,
-- ops.lost_entity, ops.merged_value, ops.repeated_key, ops.quality_result, and where core shows the batch
-- core.movie_alias, ops.shown_batch, staging.movies. Parameters: batch_id.
with seen_slice as (
    select slice.*
    from ops.batch_slice
    inner join ops.slice on batch_slice.slice_id = slice.slice_id
    where batch_slice.batch_id = %(batch_id)s
)

select
    remark.source || ': ' || remark.sentence as sentence,
    false as is_of_gate,
    remark.position::bigint as position
from ops.remark
where remark.batch_id = %(batch_id)s
union all
select
    format(
        '%%s: columns of %%s (%%s) that no contract knows are kept in extra: %%s', seen_slice.source, seen_slice.piece,
        seen_slice.table_name, array_to_string(seen_slice.new_columns[:30], ', ')
        || case
            when cardinality(seen_slice.new_columns) > 30
                then format(' and %%s more', cardinality(seen_slice.new_columns) - 30)
            else ''
        end
    ) as sentence,
    false as is_of_gate,
    1000000 + seen_slice.slice_id as position
from seen_slice
where seen_slice.new_columns <> '{}'
union all
select
    format(
        '%%s: all %%s ratings of %%s %%s in %%s are rejected, first of all by the rule %%s', seen_slice.source,
        lost_entity.rows, lost_entity.entities,
        case when lost_entity.column_name = 'user_id' then 'viewers' else 'movies' end, seen_slice.piece,
        lost_entity.rule
    ) as sentence,
    false as is_of_gate,
    2000000 + seen_slice.slice_id as position
from seen_slice
inner join ops.lost_entity on seen_slice.slice_id = lost_entity.slice_id
union all
select
    format(
        case
            when merged_value.blunt_rows > 0
                then
                    '%%s: the moments of %%s are whole thousands of seconds, as where a program has lost their last '
                    'digits: %%3$s distinct ones in %%5$s rows that were looked at'
            else
                '%%s: in %%s, %%4$s different texts in %%6$s became %%3$s values, such as 007 and 7 (in %%5$s rows '
                'that were looked at): were they different %%7$s?'
        end,
        seen_slice.source, seen_slice.piece, merged_value.distinct_values, merged_value.texts, merged_value.looked_at,
        merged_value.column_name,
        case merged_value.column_name
            when 'user_id' then 'viewers' when 'movie_id' then 'movies' else 'moments'
        end
    ) as sentence,
    false as is_of_gate,
    3000000 + seen_slice.slice_id as position
from seen_slice
inner join ops.merged_value on seen_slice.slice_id = merged_value.slice_id
union all
select
    format(
        '%%s: %%s values of %%s stand in several rows of %%s (%%s) that differ, %%s rows in all; the last row of each '
        'counts',
        seen_slice.source, repeated_key.entities, repeated_key.column_name, seen_slice.piece, seen_slice.table_name,
        repeated_key.rows
    ) as sentence,
    false as is_of_gate,
    4000000 + seen_slice.slice_id as position
from seen_slice
inner join ops.repeated_key on seen_slice.slice_id = repeated_key.slice_id
where seen_slice.mode = 'whole'
union all
select
    format(
        '%%s listed movies are another one by their ids at IMDb or TMDB, such as %%s, which is %%s: they are one '
        'movie, and of a viewer who rated both the latest rating counts',
        count(*), min(movie_alias.alias_id), (array_agg(movie_alias.movie_id order by movie_alias.alias_id))[1]
    ) as sentence,
    false as is_of_gate,
    5000000::bigint as position
from core.movie_alias
inner join ops.shown_batch on shown_batch.schema_name = 'core' and shown_batch.batch_id = %(batch_id)s
where
    exists (
        select 1
        from seen_slice
        inner join staging.movies on seen_slice.slice_id = movies.slice_id
        where seen_slice.table_name = 'movies' and movies.movie_id = movie_alias.alias_id
    )
having count(*) > 0
union all
select
    format(
        'gate %%s, %%s: not so that %%s%%s', quality_result.gate, quality_result.suite, quality_result.expectation,
        '; seen: ' || (
            select string_agg(example.key || ' ' || example.value, ', ')
            from jsonb_each_text(
                case
                    when jsonb_typeof(quality_result.observed -> 'examples' -> 0) = 'object'
                        then quality_result.observed -> 'examples' -> 0
                    else '{}'
                end
            ) as example (key, value)
        )
    ) as sentence,
    true as is_of_gate,
    row_number() over (order by quality_result.gate, quality_result.suite, quality_result.expectation) as position
from ops.quality_result
where quality_result.batch_id = %(batch_id)s and not quality_result.passed
order by is_of_gate, position;
