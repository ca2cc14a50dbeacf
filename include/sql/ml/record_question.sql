-- Purpose: keep what a person is asked about a training, the first time: a task that is cleared goes on showing that.
-- Grain: one row. Key: training_id. Inputs: ml.question. Parameters: training_id, question.
insert into ml.question (training_id, question)
values (%(training_id)s, %(question)s)
on conflict (training_id) do nothing;
