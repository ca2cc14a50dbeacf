-- Purpose: every viewer who has a profile, a rating or an event; the profile of the first source that has one.
-- Grain and key: user_id. Inputs: staging.user_profile, ratings, winning_rating,
-- users, events, manifest. Parameters: none.
merge into users
using (
    with versions as (
        select distinct on (manifest.lineage, user_profile.user_id)
            manifest.source_rank,
            manifest.source,
            user_profile.*
        from staging.user_profile
        inner join manifest on user_profile.slice_id = manifest.slice_id and manifest.is_held
        order by
            manifest.lineage asc, user_profile.user_id asc, manifest.turn desc, user_profile.position desc
    ),

    profiles as (
        select distinct on (user_id)
            user_id,
            -- 1 is a bracket of MovieLens 1M, not an age
            nullif(age, 1) as age,
            ops.age_group(age) as age_group,
            ops.gender(gender) as gender,
            ops.occupation(occupation) as occupation,
            ops.postcode(postcode) as postcode
        from versions
        where not is_deleted
        -- the application knows its viewers better than an old file does
        order by user_id asc, source_rank = 2 desc, source_rank asc, source asc, slice_id desc, position desc
    ),

    seen as (
        select user_id from profiles
        union
        select user_id from events
        union
        -- who rated before is known, who rated tonight stands in winning_rating: no need to read all ratings
        select candidate.user_id
        from (
            select user_id from users
            union
            select user_id from winning_rating
        ) as candidate
        where exists (
            select 1 from ratings
            where ratings.user_id = candidate.user_id
        )
    )

    select
        seen.user_id,
        profiles.age,
        profiles.age_group,
        profiles.gender,
        profiles.occupation,
        profiles.postcode
    from seen
    left join profiles on seen.user_id = profiles.user_id
) as tonight
    on users.user_id = tonight.user_id
when matched and row(users.*) is distinct from row(tonight.*) then
    update set
        age = tonight.age,
        age_group = tonight.age_group,
        gender = tonight.gender,
        occupation = tonight.occupation,
        postcode = tonight.postcode
when not matched then
    insert (user_id, age, age_group, gender, occupation, postcode)
    values (
        tonight.user_id, tonight.age, tonight.age_group, tonight.gender, tonight.occupation, tonight.postcode
    )
when not matched by source then delete;
