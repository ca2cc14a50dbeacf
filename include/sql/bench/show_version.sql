-- Purpose: move the pointer to a made-up version. Grain: one row. Key: none. Inputs: none. Parameters: version_id.
insert into serving.live (version_id)
values (%(version_id)s)
on conflict (only_row) do update
    set version_id = excluded.version_id, since = now(), delta_id = null, delta_since = null;
