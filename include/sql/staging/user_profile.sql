-- Purpose: viewer profiles, renamed and cast; what cannot be cast is null. `none` is an occupation of MovieLens.
-- Grain: one row of raw.user_profile. Key: slice_id, position. Inputs: raw.user_profile. Parameters: none.
create view staging.user_profile_typed as
select
    user_profile.slice_id,
    user_profile.position,
    ops.as_bigint(user_profile.user_id) as user_id,
    ops.as_known(user_profile.age) as age_text,
    ops.as_integer(user_profile.age, 1, 120)::smallint as age,
    ops.as_known(user_profile.gender) as gender,
    case
        when lower(ops.as_word(user_profile.occupation)) = 'none' then ops.as_word(user_profile.occupation)
        else ops.as_known(user_profile.occupation)
    end as occupation,
    ops.as_known(user_profile.zip_code) as postcode,
    user_profile.is_deleted,
    user_profile.extra,
    to_jsonb(user_profile) - 'slice_id' - 'position' as record
from raw.user_profile;
