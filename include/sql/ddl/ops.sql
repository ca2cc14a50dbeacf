-- What the nights did: batches, row rules, counts, quality results. Safe casts that other layers use.
create schema if not exists ops;

create table if not exists ops.batch (
    batch_id bigint generated always as identity primary key,
    run_id text not null unique,
    dataset text not null,
    accept_volume_change boolean not null default false,
    status text not null default 'open' check (status in ('open', 'built', 'accepted')),
    started_at timestamptz not null default now(),
    accepted_at timestamptz
);
comment on table ops.batch is
'One night of ingestion; rows of raw, staging and quarantine carry its id. Grain: a run of movierec_ingest.';
comment on column ops.batch.status is
'open: on its way; built: core holds it, its gate has not passed; accepted: may be learned from.';
comment on column ops.batch.accept_volume_change is
'Set by the operator: tonight''s row counts may differ from the nights before.';

create table if not exists ops.row_rule (
    table_name text not null,
    rule text not null,
    severity text not null check (severity in ('reject', 'warning')),
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

create table if not exists ops.layer_count (
    batch_id bigint not null references ops.batch on delete cascade,
    table_name text not null,
    raw_rows bigint not null,
    staging_rows bigint not null,
    quarantine_rows bigint not null,
    is_accepted boolean not null default false,
    primary key (batch_id, table_name)
);
comment on table ops.layer_count is
'Rows per batch, table and layer as counted when the batch was staged; history for volume checks once accepted.';

create table if not exists ops.quality_result (
    batch_id bigint not null references ops.batch on delete cascade,
    gate text not null,
    suite text not null,
    expectation text not null,
    severity text not null,
    passed boolean not null,
    observed jsonb,
    checked_at timestamptz not null default now()
);
create index if not exists quality_result_batch on ops.quality_result (batch_id);
comment on table ops.quality_result is 'Every expectation judged, per batch and gate; the latest attempt of a gate.';

create or replace function ops.as_bigint(value text) returns bigint
language sql stable parallel safe
return case when value ~ '^\s*[+-]?\d+\s*$' and pg_input_is_valid(value, 'bigint') then value::bigint end;

create or replace function ops.as_numeric(value text) returns numeric
language sql stable parallel safe
return case
    when value ~ '^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*$' and pg_input_is_valid(value, 'numeric')
        then value::numeric
end;

create or replace function ops.as_epoch(value text) returns timestamptz
language sql stable parallel safe
return case
    when ops.as_numeric(value) between -1e11 and 1e11 then to_timestamp(ops.as_numeric(value)::double precision)
end;

create or replace function ops.as_timestamp(value text) returns timestamptz
language sql stable parallel safe
return case
    when value ~ '^\s*\d{4}-\d{2}-\d{2}' and pg_input_is_valid(value, 'timestamptz') then value::timestamptz
end;

create or replace function ops.as_word(value text) returns text
language sql stable parallel safe
return nullif(btrim(value), '');

create table if not exists ops.rule_count (
    batch_id bigint not null references ops.batch on delete cascade,
    table_name text not null,
    rule text not null,
    broken_rows bigint not null,
    primary key (batch_id, table_name, rule)
);
comment on table ops.rule_count is 'How many rows of a batch broke a rule, rejecting or warning.';

create table if not exists ops.structure (
    checksum text primary key,
    applied_at timestamptz not null default now()
);
comment on table ops.structure is
'Which state of include/sql/ddl this database has; unchanged files are not applied again.';
