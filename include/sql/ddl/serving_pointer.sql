-- The pointer: what it may show, and the book of its moves.

-- A version that is being built, or that failed its audit, cannot be pointed to, whoever tries; and a version that is
-- live cannot become anything but published. A foreign key sees this without races.
do $$
begin
    if not exists (
        select from pg_constraint
        where conname = 'live_is_published' and conrelid = 'serving.live'::regclass
    ) then
        alter table serving.version add constraint version_status_key unique (version_id, status);
        alter table serving.live
        add column version_status text not null default 'published' check (version_status = 'published'),
        add constraint live_is_published
        foreign key (version_id, version_status) references serving.version (version_id, status);
    end if;
end;
$$;
comment on column serving.live.version_status is 'Always published: the foreign key lets nothing else be pointed to.';

create table if not exists ops.pointer_move (
    move_id bigint generated always as identity primary key,
    moved_at timestamptz not null default now(),
    direction text not null check (direction in ('first', 'forward', 'back')),
    from_version_id bigint,
    from_ranker text,
    from_as_of timestamptz,
    to_version_id bigint not null,
    to_ranker text not null,
    to_as_of timestamptz,
    moved_by text not null,
    reason text not null,
    database_user text not null default session_user
);
comment on table ops.pointer_move is
'Every move of the pointer serving.live to another version, written by the transaction that moves it. Versions that are
named may have been pruned since. Grain: move.';
comment on column ops.pointer_move.direction is
'first: nothing was live; forward: to a later night, or of one night to a later training or version; back: otherwise.';
comment on column ops.pointer_move.moved_by is
'The person, or movierec_publish; where the pointer was moved by SQL, the user of the database.';
comment on column ops.pointer_move.reason is 'Why, in words.';

create or replace function ops.note_pointer_move()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    left_version_id bigint;
begin
    if tg_op = 'UPDATE' then
        left_version_id := old.version_id;
    end if;
    if left_version_id = new.version_id then
        return null;
    end if;
    with dated_version as (
        select
            version.version_id,
            version.training_id,
            version.ranker,
            batch.as_of,
            row(coalesce(batch.as_of, '-infinity'), version.training_id, version.version_id) as position
        from serving.version
        left join ml.training on version.training_id = training.training_id
        left join ops.batch on training.batch_id = batch.batch_id
        where version.version_id in (left_version_id, new.version_id)
    )

    insert into ops.pointer_move (
        direction, from_version_id, from_ranker, from_as_of, to_version_id, to_ranker, to_as_of, moved_by, reason
    )
    select
        case
            when left_version.version_id is null then 'first'
            when shown_version.position > left_version.position then 'forward'
            else 'back'
        end as direction,
        left_version.version_id,
        left_version.ranker,
        left_version.as_of,
        shown_version.version_id,
        shown_version.ranker,
        shown_version.as_of,
        coalesce(nullif(current_setting('movierec.moved_by', true), ''), session_user) as moved_by,
        coalesce(nullif(current_setting('movierec.reason', true), ''), 'moved by SQL, without a word') as reason
    from dated_version as shown_version
    left join dated_version as left_version on left_version.version_id = left_version_id
    where shown_version.version_id = new.version_id;
    return null;
end;
$$;
comment on function ops.note_pointer_move is 'Keeps a move of serving.live in ops.pointer_move.';

create or replace trigger live_moves
after insert or update of version_id on serving.live
for each row execute function ops.note_pointer_move();

create or replace view ops.pointer_history as
select
    move_id,
    moved_at,
    direction,
    from_version_id,
    from_ranker,
    from_as_of,
    to_version_id,
    to_ranker,
    to_as_of,
    moved_by,
    reason,
    coalesce(lead(moved_at) over (order by move_id), now()) - moved_at as shown_for
from ops.pointer_move;
comment on view ops.pointer_history is
'The moves of the pointer and how long each of them held, for dashboards. Grain: move. Columns are only ever added.';
comment on column ops.pointer_history.shown_for is 'Until the next move, or until now.';
