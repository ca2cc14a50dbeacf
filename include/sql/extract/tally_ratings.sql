-- Purpose: how often each rating stands in a slice: all of them, on the scale of the source. Texts are counted first,
-- so that each of them is cast once; not written here, so that several processes may count. What was counted while the
-- slice was loaded is not counted again.
-- Grain and key: slice_id, value. Inputs: raw.ratings, raw.feedback_event. Parameters: slice_id, table_name, texts and
-- rows (how often each text was counted; null: raw tells).
with written_value as (
    select
        counted_text.value,
        counted_text.rows
    from unnest(%(texts)s::text[], %(rows)s::bigint[]) as counted_text (value, rows)
    union all
    select
        rating as value,
        count(*) as rows
    from raw.ratings
    where
        slice_id = %(slice_id)s and not is_deleted and %(table_name)s = 'ratings'
        and %(texts)s::text[] is null
    group by rating
    union all
    select
        value,
        count(*) as rows
    from raw.feedback_event
    where
        slice_id = %(slice_id)s and not is_deleted and %(table_name)s = 'feedback_event'
        and lower(ops.as_word(kind)) = 'rating' and %(texts)s::text[] is null
    group by value
),

rating_count as (
    select
        ops.as_number(value) as value,
        sum(rows) as counted_rows
    from written_value
    where ops.as_number(value) is not null
    group by ops.as_number(value)
),

ranked_rating as (
    select
        value,
        counted_rows,
        row_number() over (order by counted_rows desc, value asc) as frequency_rank,
        value in (min(value) over (), max(value) over ()) as is_extreme
    from rating_count
)

select
    %(slice_id)s::integer as slice_id,
    value,
    counted_rows::bigint as rows
from ranked_rating
where frequency_rank <= 2000 or is_extreme;
