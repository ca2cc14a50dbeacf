-- Purpose: typed viewer profiles.
-- Grain: one row of raw.user_profile. Key: batch_id, position.
-- Inputs: staging.user_profile_judged (generated from ops.row_rule). Parameters: batch_id.
delete from staging.user_profile
where batch_id = %(batch_id)s;

insert into staging.user_profile (batch_id, position, user_id, age, gender, occupation, postcode)
select
    judged.batch_id,
    judged.position,
    judged.user_id,
    judged.age,
    judged.gender,
    judged.occupation,
    judged.postcode
from staging.user_profile_judged as judged
where judged.batch_id = %(batch_id)s and cardinality(judged.broken_rules) = 0;

analyze staging.user_profile;
