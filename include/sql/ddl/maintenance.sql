-- How large everything is, week by week.
create table if not exists ops.size (
    measured_at timestamptz not null default now(),
    subject text not null,
    bytes bigint not null,
    primary key (measured_at, subject)
);
comment on table ops.size is
'What movierec_maintenance measured: tables with their indexes, databases, folders. Grain: moment and subject.';
