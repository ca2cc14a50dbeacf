-- Purpose: what every viewer said about a movie: the rating, or where there is none the weight of other feedback.
-- The last word on liking decides, else the weightiest feedback; its time is that of the latest of it.
-- Grain: viewer and movie. Inputs: ratings, events, ml.feedback_weight. Parameters: none.
with feedback as (
    select
        events.user_id,
        events.movie_id,
        max(feedback_weight.weight) as heaviest,
        (
            array_agg(feedback_weight.weight order by events.occurred_at desc, feedback_weight.weight asc)
            filter (where feedback_weight.is_verdict)
        )[1] as verdict,
        max(events.occurred_at) as rated_at
    from events
    inner join ml.feedback_weight
        on events.kind = feedback_weight.kind
    where
        not exists (
            select 1
            from ratings
            where
                ratings.user_id = events.user_id
                and ratings.movie_id = events.movie_id
        )
    group by events.user_id, events.movie_id
)

select
    user_id,
    movie_id,
    rating,
    null::real as weight,
    rated_at
from ratings
union all
select
    user_id,
    movie_id,
    null as rating,
    coalesce(verdict, heaviest) as weight,
    rated_at
from feedback
order by user_id, movie_id;
