-- Purpose: open a made-up version. Grain: one row. Key: version_id. Inputs: none. Parameters: none.
with training as (
    insert into ml.training (run_id, batch_id, seed)
    values ('measurement ' || gen_random_uuid(), 1, 1)
    returning training_id
)

insert into serving.version (run_id, training_id, ranker, list_length, status, published_at)
select
    'measurement' as run_id,
    training.training_id,
    'hybrid' as ranker,
    50 as list_length,
    'published' as status,
    now() as published_at
from training
returning version_id;
