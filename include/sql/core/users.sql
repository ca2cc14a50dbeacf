-- Purpose: every viewer who has a profile, a rating or an event; the profile of the first source that has one.
-- Grain and key: user_id. Inputs: staging.user_profile, ratings, winning_rating, users, events, manifest.
-- Parameters: none.
merge into users
using (
    with profile_version as (
        select distinct on (manifest.lineage, user_profile.user_id)
            manifest.source_rank,
            manifest.is_application,
            manifest.source,
            user_profile.*
        from staging.user_profile
        inner join manifest on user_profile.slice_id = manifest.slice_id and manifest.is_held
        order by
            manifest.lineage asc, user_profile.user_id asc, manifest.root_slice_id desc, manifest.slice_id desc,
            user_profile.position desc
    ),

    best_profile as (
        select distinct on (user_id)
            user_id,
            age,
            ops.age_group(age) as age_group,
            ops.gender(gender) as gender,
            ops.occupation(occupation) as occupation,
            ops.postcode(postcode) as postcode
        from profile_version
        where not is_deleted
        -- the application knows its viewers better than an old file does
        order by user_id asc, is_application desc, source_rank asc, source asc, slice_id desc, position desc
    ),

    known_user as (
        select user_id from best_profile
        union
        select user_id from events
        union
        -- who rated before is in users, who rated tonight in winning_rating: no need to read all ratings
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
        known_user.user_id,
        best_profile.age,
        best_profile.age_group,
        best_profile.gender,
        best_profile.occupation,
        best_profile.postcode
    from known_user
    left join best_profile on known_user.user_id = best_profile.user_id
) as incoming
    on users.user_id = incoming.user_id
when matched and row(users.*) is distinct from row(incoming.*) then
    update set
        age = incoming.age,
        age_group = incoming.age_group,
        gender = incoming.gender,
        occupation = incoming.occupation,
        postcode = incoming.postcode
when not matched then
    insert (user_id, age, age_group, gender, occupation, postcode)
    values (
        incoming.user_id, incoming.age, incoming.age_group, incoming.gender, incoming.occupation, incoming.postcode
    )
when not matched by source then delete;
