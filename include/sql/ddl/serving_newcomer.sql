-- A list for somebody who has none: from a few chosen movies, else from their group, else from what is popular now.
create or replace function serving.newcomer(
    movies bigint[] default '{}', k integer default 10, viewer bigint default null,
    age integer default null, gender text default null
)
returns table (
    rank bigint,
    movie_id bigint,
    title text,
    reason text,
    release_year integer,
    genres text[],
    score double precision,
    because_movie_id bigint,
    origin text
)
language plpgsql stable rows 10
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    seen_version constant bigint := (select live.version_id from serving.live);
    chosen constant bigint[] := ($1)[1:5];
    viewer_group text := serving.group_name($4, $5);
begin
    if viewer_group is null then
        select serving.group_name(users.age, users.gender) into viewer_group from core.users where users.user_id = $3;
    end if;

    return query
    with weighted_movie as (
        select
            pair.movie_id,
            sum(pair.weight) as score,
            (array_agg(item_weight.movie_id order by pair.weight desc, item_weight.movie_id))[1] as because_movie_id
        from serving.item_weight
        cross join unnest(item_weight.movie_ids, item_weight.weights) as pair (movie_id, weight)
        where item_weight.version_id = seen_version and item_weight.movie_id = any(chosen)
        group by pair.movie_id
    ),

    -- each way of finding movies comes after the one before it
    proposal as (
        select movie_id, null as title, score, because_movie_id, 'chosen' as origin, 1 as step, null as evidence
        from weighted_movie
        where score > 0
        union all
        select movie_id, null, score, null, 'group', 2, 'Popular with ' || shelf_entry.key
        from serving.shelf_entry
        inner join serving.shelf on shelf_entry.shelf_id = shelf.shelf_id
        where shelf_entry.version_id = seen_version and shelf.rule = 'group' and shelf_entry.key = viewer_group
        union all
        select movie_id, null, score, null, 'popular', 3, 'Popular these days'
        from serving.shelf_entry
        inner join serving.shelf on shelf_entry.shelf_id = shelf.shelf_id
        where shelf_entry.version_id = seen_version and shelf.rule = 'popular_now'
        union all
        select movie_id, title, score, null, 'fallback', 4, fallback.reason
        from serving.fallback
        where version_id = seen_version
    ),

    best_proposal as (
        select distinct on (proposal.movie_id) proposal.*
        from proposal
        where
            proposal.movie_id <> all(chosen)
            and not exists (
                select 1 from serving.left_out($3) as left_out
                where left_out.movie_id = proposal.movie_id
            )
        order by proposal.movie_id, proposal.step
    )

    select
        row_number() over (order by best_proposal.step, best_proposal.score desc, best_proposal.movie_id) as rank,
        best_proposal.movie_id,
        coalesce(catalogue.title, best_proposal.title) as title,
        coalesce(best_proposal.evidence, 'Because you chose ' || because.title) as reason,
        catalogue.release_year,
        catalogue.genres,
        best_proposal.score,
        best_proposal.because_movie_id,
        best_proposal.origin
    from best_proposal
    left join serving.catalogue on catalogue.version_id = seen_version and best_proposal.movie_id = catalogue.movie_id
    left join serving.catalogue as because
        on because.version_id = seen_version and best_proposal.because_movie_id = because.movie_id
    where coalesce(catalogue.title, best_proposal.title) is not null
    order by rank
    limit least(greatest($2, 0), 1000);
end;
$$;
comment on function serving.newcomer is
'The best k movies for somebody who has chosen up to five: the item weights of the version added up; then what is
popular with their group, by age and gender or by the profile of the viewer; then what is popular now, and at all times.
origin says which: chosen, group, popular or fallback.';
