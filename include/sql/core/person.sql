-- Purpose: people with a credit; a name that a credits file spells in several ways stands as most of its rows have it.
-- Grain and key: person_id. Inputs: credit, staging.credits, manifest. Parameters: none.
merge into person
using (
    with credited_name as (
        select
            'name:' || lower(ops.clean(people.name)) as person_id,
            mode() within group (order by ops.clean(people.name)) as name
        from staging.credits
        inner join manifest on credits.slice_id = manifest.slice_id and manifest.is_held
        cross join
            lateral regexp_split_to_table(
                concat_ws('|', credits.directors, credits.actors, credits.writers), '\s*[|;]\s*'
            ) as people (name)
        where ops.clean(people.name) is not null
        group by lower(ops.clean(people.name))
    )

    select
        credit.person_id,
        coalesce(max(credit.name), max(credited_name.name)) as name
    from credit
    left join credited_name on credit.person_id = credited_name.person_id
    group by credit.person_id
) as incoming
    on person.person_id = incoming.person_id
when matched and person.name is distinct from incoming.name then
    update set name = incoming.name
when not matched then
    insert (person_id, name)
    values (incoming.person_id, incoming.name)
when not matched by source then delete;
