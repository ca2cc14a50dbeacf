-- What ingestion did: batches, slices, row rules, counts, quality results.
create schema if not exists ops;

create table if not exists ops.batch (
    batch_id bigint generated always as identity primary key,
    run_id text not null unique,
    dataset text not null,
    as_of timestamptz not null,
    accept_volume_change boolean not null default false,
    is_full boolean not null default false,
    status text not null default 'open' check (status in ('open', 'built', 'refused', 'accepted')),
    is_pruned boolean not null default false,
    started_at timestamptz not null default now(),
    accepted_at timestamptz
);
-- A URL is kept without login, query and fragment, which may be secret; earlier ones are made so.
update ops.batch
set dataset = regexp_replace(dataset, '^([A-Za-z][A-Za-z0-9+.-]*://)(?:[^/@]*@)?([^?#]*).*$', '\1\2')
where dataset ~ '^[A-Za-z][A-Za-z0-9+.-]*://([^/]*@|.*[?#])';

comment on table ops.batch is
'One night of ingestion. Grain: a run of movierec_ingest. Batches are in the order of as_of, then of batch_id.';
comment on column ops.batch.as_of is
'The moment as of which the batch sees the world: what was rated, tagged or done later is not part of its core.';
comment on column ops.batch.status is
'open: on its way; built: core shows it, and the last gate has not passed; '
'refused: a gate stopped it; accepted: may be learned from.';
comment on column ops.batch.accept_volume_change is
'Set by the operator: counts and distributions may differ from those of the batches before.';
comment on column ops.batch.is_full is
'Set by the operator: databases are read from the start, the rules are applied to every row again, core is rebuilt.';

alter table ops.batch add column if not exists sources text[];
comment on column ops.batch.sources is
'The sources that settings named when it was opened; no other one is part of it. Null in batches from before it was
kept: every source that ever delivered.';

alter table ops.batch add column if not exists code_version text;
comment on column ops.batch.code_version is
'The git commit of the code that opened it, as set-up recorded it; null in batches from before it was kept.';

create table if not exists ops.slice (
    slice_id integer generated always as identity primary key,
    batch_id bigint not null,
    source text not null,
    table_name text not null,
    piece text not null,
    mode text not null check (mode in ('whole', 'changes')),
    fingerprint text not null,
    scale_low real not null default 0.5,
    scale_high real not null default 5,
    watermark text,
    new_columns text[] not null default '{}',
    origin_slice_id integer,
    root_slice_id integer,
    skipped_rows bigint not null default 0,
    raw_rows bigint not null,
    staging_rows bigint,
    quarantine_rows bigint,
    last_at timestamptz,
    loaded_at timestamptz not null default clock_timestamp(),
    staged_at timestamptz
);
alter table ops.slice drop column if exists first_at;
alter table ops.slice add column if not exists refused_rows bigint not null default 0;
alter table ops.slice add column if not exists has_spaced_genres boolean not null default false;
alter table ops.slice add column if not exists date_order text;
alter table ops.slice add column if not exists date_example text;
alter table ops.slice add column if not exists genre_sign text;
alter table ops.slice add column if not exists unrated double precision[] not null default '{}';
do $$
begin
    if exists (
        select from information_schema.columns
        where table_schema = 'ops' and table_name = 'slice' and column_name = 'left_out'
    ) then
        alter table ops.slice rename left_out to skipped_rows;
    end if;
end;
$$;
create index if not exists slice_piece on ops.slice (source, table_name, piece);
comment on table ops.slice is
'Rows that were loaded together: a file, a table, the changes of one. Grain: one load; never changed once staged.';
comment on column ops.slice.batch_id is
'The batch that loaded it; later batches that see the same content use it again.';
comment on column ops.slice.mode is
'whole: stands for everything its piece holds; changes: on top of the earlier slices of the piece.';
comment on column ops.slice.scale_low is 'Lowest rating of the source; its scale is mapped to 0.5 to 5.';
comment on column ops.slice.date_order is
'How dates of the slice are written that end in the year: dmy or mdy; unknown where no row settles it, mixed where none
fits all; null without any.';
comment on column ops.slice.date_example is 'The first of these dates.';
comment on column ops.slice.has_spaced_genres is 'Whether the layout separates genres by spaces, as RecBole''s does.';
comment on column ops.slice.genre_sign is
'Of movies: the sign that separates the genres of most rows; null where none does.';
comment on column ops.slice.unrated is 'Ratings that mean "seen, not rated": they become views.';
comment on column ops.slice.origin_slice_id is
'Of replayed rows: the slice that they were rejected from. A batch that has it has them too, another one does not.';
comment on column ops.slice.root_slice_id is 'Of replayed rows: the slice of a source at the start of it all.';
comment on column ops.slice.skipped_rows is
'Rows that were read and not loaded: IMDb''s titles of movies that are not known; of changes, which are read from some
time before the last one on, those that an earlier slice of the piece holds as they are.';
comment on column ops.slice.refused_rows is
'Rows of forgotten viewers: refused when it was loaded, or removed since.';
comment on column ops.slice.last_at is
'When the latest fact of the slice happened; null where its rows have no time.';

create table if not exists ops.batch_slice (
    batch_id bigint not null references ops.batch on delete cascade,
    slice_id integer not null references ops.slice on delete cascade,
    primary key (batch_id, slice_id)
);
create index if not exists batch_slice_slice on ops.batch_slice (slice_id);
comment on table ops.batch_slice is 'What a batch consists of. Grain: batch and slice.';

create table if not exists ops.rating_tally (
    slice_id integer not null references ops.slice on delete cascade,
    value double precision not null,
    rows bigint not null,
    primary key (slice_id, value)
);
comment on table ops.rating_tally is
'How often each rating stands in a slice, on the scale of its source. Grain: slice and value, the 2,000 most frequent
and the two extremes.';

create table if not exists ops.batch_scale (
    batch_id bigint not null references ops.batch on delete cascade,
    source text not null,
    low double precision not null,
    high double precision not null,
    unrated double precision[] not null,
    basis text not null check (basis in ('declared', 'inferred', 'kept')),
    certainty text not null,
    ratings bigint not null,
    primary key (batch_id, source)
);
comment on table ops.batch_scale is 'The scale of a source''s ratings in a batch. Grain: batch and source.';
comment on column ops.batch_scale.basis is
'declared: a setting says so; inferred: from all ratings of the source in this batch; kept: as on the night before.';

create table if not exists ops.lost_entity (
    slice_id integer not null references ops.slice on delete cascade,
    column_name text not null check (column_name in ('user_id', 'movie_id')),
    rule text not null,
    entities bigint not null,
    rows bigint not null,
    primary key (slice_id, column_name, rule)
);
comment on table ops.lost_entity is
'How many viewers or movies lost every rating of theirs, five or more, to a rule. Grain: slice, column and rule.';

create table if not exists ops.merged_value (
    slice_id integer not null references ops.slice on delete cascade,
    column_name text not null check (column_name in ('user_id', 'movie_id', 'rated_at')),
    texts bigint not null,
    distinct_values bigint not null,
    blunt_rows bigint not null,
    looked_at bigint not null,
    primary key (slice_id, column_name)
);
comment on table ops.merged_value is
'Columns of ratings in which different texts became the same value, or whose values have lost their last digits: what
was one viewer, movie or moment may have been several. Counted over the first rows of a slice. Grain: slice and column.';
comment on column ops.merged_value.blunt_rows is
'Moments in whole thousands of seconds that are not full hours, where nearly all are; else 0.';

create table if not exists ops.repeated_key (
    slice_id integer primary key references ops.slice on delete cascade,
    column_name text not null,
    entities bigint not null,
    rows bigint not null
);
comment on table ops.repeated_key is
'Ids that stand in several rows of a slice that differ, of which the last one counts. Grain: slice.';

create table if not exists ops.remark (
    batch_id bigint not null references ops.batch on delete cascade,
    source text not null,
    position integer not null,
    sentence text not null,
    primary key (batch_id, source, position)
);
comment on table ops.remark is
'What a source has to say about a night, such as files that were not read and why. Grain: sentence.';

create table if not exists ops.batch_source (
    batch_id bigint not null references ops.batch on delete cascade,
    source text not null,
    status text not null check (status in ('delivered', 'failed', 'carried')),
    message text,
    noted_at timestamptz not null default clock_timestamp(),
    primary key (batch_id, source)
);
comment on table ops.batch_source is 'How each source fared in a batch. Grain: batch and source.';
comment on column ops.batch_source.status is
'delivered: read for this batch; failed: could not be read; carried: was not to be read. Of the last two the batch has
what they delivered last.';

do $$
begin
    -- of an earlier version, under other names
    if to_regclass('ops.held') is not null and to_regclass('ops.shown_batch') is null then
        alter table ops.held rename to shown_batch;
        alter table ops.shown_batch rename layer to schema_name;
        alter table ops.shown_batch rename held_at to moved_at;
        alter table ops.held_slice rename to shown_slice;
        alter table ops.shown_slice rename layer to schema_name;
    end if;
end;
$$;

create table if not exists ops.shown_batch (
    schema_name text primary key,
    batch_id bigint not null,
    as_of timestamptz not null,
    moved_at timestamptz not null default clock_timestamp()
);
comment on table ops.shown_batch is
'Which batch a schema of conformed facts shows: core the newest one, past the earlier one that was last needed.
Grain: schema.';

create table if not exists ops.shown_slice (
    schema_name text not null references ops.shown_batch on delete cascade,
    slice_id integer not null,
    primary key (schema_name, slice_id)
);
comment on table ops.shown_slice is 'The slices that a schema of conformed facts was made of. Grain: schema and slice.';

create table if not exists ops.row_rule (
    table_name text not null,
    rule text not null,
    severity text not null check (severity in ('reject', 'warning')),
    is_waivable boolean not null,
    predicate text not null,
    sentence text not null,
    primary key (table_name, rule)
);
comment on table ops.row_rule is
'What every row must satisfy. The split into staging and quarantine and its audit are generated from it.';
comment on column ops.row_rule.predicate is
'SQL over the typed row (alias: typed); a row for which it is not true breaks the rule.';
comment on column ops.row_rule.severity is
'reject: the row goes to quarantine; warning: it is kept and counted.';
comment on column ops.row_rule.is_waivable is 'Whether a data engineer may accept a row although it breaks this rule.';

create table if not exists ops.rule_count (
    slice_id integer not null references ops.slice on delete cascade,
    rule text not null,
    broken_rows bigint not null,
    primary key (slice_id, rule)
);
alter table ops.rule_count add column if not exists example_position integer;
alter table ops.rule_count add column if not exists example_value text;
comment on column ops.rule_count.example_value is
'What the first such row holds where the rule looks, unless that may be about a person.';
comment on table ops.rule_count is 'How many rows of a slice broke a rule, rejecting or warning.';

create table if not exists ops.metric (
    batch_id bigint not null references ops.batch on delete cascade,
    layer text not null,
    subject text not null,
    metric text not null,
    value double precision,
    primary key (batch_id, layer, subject, metric)
);
comment on table ops.metric is
'What was measured of a batch: counts, means, shares. Grain: batch, layer, subject and metric. Bounds come from it.';

create table if not exists ops.quality_result (
    batch_id bigint not null references ops.batch on delete cascade,
    gate text not null,
    suite text not null,
    expectation text not null,
    severity text not null,
    passed boolean not null,
    observed jsonb,
    bounds jsonb,
    checked_at timestamptz not null default now()
);
create index if not exists quality_result_batch on ops.quality_result (batch_id);
comment on table ops.quality_result is 'Every expectation checked, per batch and gate; the latest attempt of a gate.';
comment on column ops.quality_result.bounds is 'What was allowed, where it is a range or a set.';

create table if not exists ops.structure (
    checksum text primary key,
    applied_at timestamptz not null default now()
);
comment on table ops.structure is
'Which state of the files that warehouse.py applies this database has; those before the first changed one are not
applied again.';
alter table ops.structure add column if not exists file_checksums text[] not null default '{}';
comment on column ops.structure.file_checksums is 'Of each file, in the order in which they are applied.';
alter table ops.structure add column if not exists version integer not null default 0;
comment on column ops.structure.version is 'Counts up where earlier code cannot work on it any more.';
