-- Purpose: open a made-up version. Grain: one row. Key: version_id. Inputs: none. Parameters: ranker, list_length.
with training as (
    insert into ml.training (run_id, batch_id, seed)
    values ('measurement ' || gen_random_uuid(), 1, 1)
    returning training_id
)

insert into serving.version (run_id, training_id, ranker, list_length, candidates, status, published_at)
select
    'measurement' as run_id,
    training.training_id,
    %(ranker)s as ranker,
    %(list_length)s::integer as list_length,
    3 * %(list_length)s::integer as candidates,
    'published' as status,
    now() as published_at
from training
returning version_id;
