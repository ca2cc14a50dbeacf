-- Purpose: every viewer who has a profile, a rating or an event; the last profile row of a viewer wins.
-- Grain and key: user_id.
-- Inputs: staging.user_profile, staging.ratings, staging.feedback_event. Parameters: batch_id.
merge into core.users
using (
    with profiles as (
        select distinct on (user_id)
            user_id,
            age,
            gender,
            occupation,
            postcode
        from staging.user_profile
        where batch_id = %(batch_id)s
        order by user_id asc, position desc
    ),

    seen as (
        select user_id from profiles
        union
        select user_id from staging.ratings
        where batch_id = %(batch_id)s
        union
        select user_id from staging.feedback_event
        where batch_id = %(batch_id)s
    )

    select
        seen.user_id,
        profiles.age,
        profiles.gender,
        profiles.occupation,
        profiles.postcode
    from seen
    left join profiles on seen.user_id = profiles.user_id
) as tonight
    on users.user_id = tonight.user_id
when matched and row(users.*) is distinct from row(tonight.*) then
    update set
        age = tonight.age, gender = tonight.gender, occupation = tonight.occupation, postcode = tonight.postcode
when not matched then
    insert (user_id, age, gender, occupation, postcode)
    values (tonight.user_id, tonight.age, tonight.gender, tonight.occupation, tonight.postcode)
when not matched by source then delete;
