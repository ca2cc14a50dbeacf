-- What a night was like and who was told: rows that outlive the batches, trainings and versions they are about.

create or replace view ops.run_batch as
with run_of_a_batch as (
    select
        'movierec_ingest' as dag_id,
        batch.run_id,
        batch.batch_id
    from ops.batch
    union all
    select
        'movierec_train' as dag_id,
        training.run_id,
        training.batch_id
    from ml.training
    union all
    select
        'movierec_publish' as dag_id,
        version.run_id,
        training.batch_id
    from serving.version
    inner join ml.training on version.training_id = training.training_id
)

select
    dag_id,
    run_id,
    max(batch_id) as batch_id
from run_of_a_batch
group by dag_id, run_id;
comment on view ops.run_batch is 'Which batch a run of a DAG works on, once it has one. Grain: DAG and run.';

create table if not exists ops.notice (
    notice_id bigint generated always as identity primary key,
    kind text not null check (kind in ('failure', 'question', 'deadline', 'drift')),
    dag_id text not null,
    task_id text,
    map_index integer not null default -1,
    run_id text not null,
    night timestamptz,
    batch_id bigint,
    message text not null,
    link text,
    noted_at timestamptz not null default clock_timestamp(),
    sent_to text,
    sent_at timestamptz,
    sending_error text
);
create index if not exists notice_noted_at on ops.notice (noted_at);
comment on table ops.notice is
'What somebody should know, one line each: failures, questions that wait, missed deadlines, drift. Grain: notice.';
comment on column ops.notice.night is 'As of when the night is: that of the batch, else of the run.';
comment on column ops.notice.sent_to is
'The Airflow connection that it was sent through besides the log and this row; null where none is set.';
comment on column ops.notice.sending_error is 'Why sending failed; null where it did not.';
