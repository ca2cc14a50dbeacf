-- Purpose: typed viewer profiles that satisfy every rule.
-- Grain: one row of raw.user_profile. Key: slice_id, position.
-- Inputs: staging.user_profile_judged (generated from ops.row_rule). Parameters: slice_id.
delete from staging.user_profile
where slice_id = %(slice_id)s;

insert into staging.user_profile (slice_id, position, user_id, age, gender, occupation, postcode, is_deleted)
select
    judged.slice_id,
    judged.position,
    judged.user_id,
    case when judged.age between 1 and 120 then judged.age end as age,
    judged.gender,
    judged.occupation,
    judged.postcode,
    judged.is_deleted
from staging.user_profile_judged as judged
where judged.slice_id = %(slice_id)s and judged.is_good;
