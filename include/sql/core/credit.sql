-- Purpose: who made which movie, as every source says. For each movie and role the first source that knows anybody
-- counts: IMDb, then credits files, then the graph.
-- Grain and key: movie_id, role, person_id. Inputs: staging.imdb_crew, .imdb_principal, .imdb_name, .graph,
-- latest_credit, latest_entity, movies, movie_alias, manifest. Parameters: none.
create temporary table credit on commit drop as
with latest_crew as (
    select distinct on (manifest.lineage, imdb_crew.tconst)
        imdb_crew.tconst,
        imdb_crew.directors,
        imdb_crew.writers
    from staging.imdb_crew
    inner join manifest on imdb_crew.slice_id = manifest.slice_id and manifest.is_held
    order by
        manifest.lineage asc, imdb_crew.tconst asc, manifest.root_slice_id desc, manifest.slice_id desc,
        imdb_crew.position desc
),

latest_principal as (
    select distinct on (manifest.lineage, imdb_principal.tconst, imdb_principal.billing)
        imdb_principal.tconst,
        imdb_principal.billing,
        imdb_principal.nconst,
        imdb_principal.category
    from staging.imdb_principal
    inner join manifest on imdb_principal.slice_id = manifest.slice_id and manifest.is_held
    order by
        manifest.lineage asc, imdb_principal.tconst asc, imdb_principal.billing asc, manifest.root_slice_id desc,
        manifest.slice_id desc, imdb_principal.position desc
),

person_name as (
    select distinct on (imdb_name.nconst)
        imdb_name.nconst,
        ops.clean(imdb_name.name) as name
    from staging.imdb_name
    inner join manifest on imdb_name.slice_id = manifest.slice_id and manifest.is_held
    order by imdb_name.nconst asc, manifest.root_slice_id desc, manifest.slice_id desc, imdb_name.position desc
),

source_credit as (
    select
        movies.movie_id,
        credit_list.role,
        person.nconst as person_id,
        person.position as billing,
        1 as preference
    from latest_crew
    inner join movies on latest_crew.tconst = movies.imdb_id
    cross join
        lateral (values ('director', latest_crew.directors), ('writer', latest_crew.writers)) as credit_list (role, ids)
    cross join lateral string_to_table(credit_list.ids, ',') with ordinality as person (nconst, position)
    where person.nconst <> ''
    union all
    select
        movies.movie_id,
        'actor' as role,
        latest_principal.nconst as person_id,
        row_number() over (
            partition by movies.movie_id
            order by latest_principal.billing, latest_principal.nconst
        ) as billing,
        1 as preference
    from latest_principal
    inner join movies on latest_principal.tconst = movies.imdb_id
    where latest_principal.category in ('actor', 'actress', 'self')
    union all
    select
        coalesce(movie_alias.movie_id, latest_credit.movie_id) as movie_id,
        credit_list.role,
        'name:' || lower(ops.clean(person.name)) as person_id,
        person.position as billing,
        2 as preference
    from latest_credit
    left join movie_alias on latest_credit.movie_id = movie_alias.alias_id
    cross join
        lateral (
            values
            ('director', latest_credit.directors),
            ('actor', latest_credit.actors),
            ('writer', latest_credit.writers)
        ) as credit_list (role, names)
    cross join lateral regexp_split_to_table(credit_list.names, '\s*[|;]\s*') with ordinality as person (name, position)
    where ops.as_known(ops.clean(person.name)) is not null
    union all
    select
        coalesce(movie_alias.movie_id, latest_entity.movie_id) as movie_id,
        case graph.relation_id
            when 'film.film.actor' then 'actor'
            when 'film.film.directed_by' then 'director'
            when 'film.film.written_by' then 'writer'
        end as role,
        graph.tail_id as person_id,
        null as billing,
        3 as preference
    from staging.graph
    inner join manifest on graph.slice_id = manifest.slice_id and manifest.is_held
    inner join latest_entity on graph.head_id = latest_entity.entity_id
    left join movie_alias on latest_entity.movie_id = movie_alias.alias_id
    where graph.relation_id in ('film.film.actor', 'film.film.directed_by', 'film.film.written_by')
),

ranked_credit as (
    select
        source_credit.movie_id,
        source_credit.role,
        source_credit.person_id,
        min(source_credit.billing)::integer as billing,
        rank() over (
            partition by source_credit.movie_id, source_credit.role
            order by min(source_credit.preference)
        ) as source_position
    from source_credit
    inner join movies on source_credit.movie_id = movies.movie_id
    group by source_credit.movie_id, source_credit.role, source_credit.person_id
)

select
    ranked_credit.movie_id,
    ranked_credit.role,
    ranked_credit.person_id,
    ranked_credit.billing,
    person_name.name
from ranked_credit
left join person_name on ranked_credit.person_id = person_name.nconst
where ranked_credit.source_position = 1;
