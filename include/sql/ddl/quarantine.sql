-- Rows that break a rejecting rule, whole, with every reason.
create schema if not exists quarantine;

create table if not exists quarantine.row (
    batch_id bigint not null,
    table_name text not null,
    position bigint not null,
    broken_rules text[] not null,
    reasons text[] not null,
    record jsonb not null,
    primary key (batch_id, table_name, position)
);
comment on table quarantine.row is 'Rejected rows. Grain: one row of a raw table; key: batch, table, position.';
comment on column quarantine.row.record is 'The row as it came, column by column.';
