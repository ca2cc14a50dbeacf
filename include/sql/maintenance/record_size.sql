-- Purpose: keep how large something is. Grain: one row. Key: measured_at, subject. Inputs: ops.size.
-- Parameters: subject, bytes.
insert into ops.size (subject, bytes)
values (%(subject)s, %(bytes)s);
