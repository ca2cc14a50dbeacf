-- Purpose: what each source says about each movie, conformed; of several rows of a source the movie's own id
-- goes first.
-- Grain and key: movie_id, attribute, source. Inputs: movie_version, link_version, credit_version, title_version,
-- vote_version, movie_alias. Parameters: none.
create temporary table claim on commit drop as
with imdb_link as (
    select distinct
        movie_id,
        imdb_id
    from link_version
    where imdb_id is not null
),

source_claim as (
    select
        movie_version.movie_id,
        movie_version.source,
        movie_version.source_rank,
        fact.attribute,
        fact.value
    from movie_version
    cross join
        lateral (
            values
            ('title', ops.title(movie_version.title)),
            (
                'release_year',
                coalesce(
                    movie_version.release_year,
                    ops.title_year(movie_version.title),
                    extract(year from movie_version.release_date)::integer
                )::text
            ),
            ('release_date', movie_version.release_date::text)
        ) as fact (attribute, value)
    union all
    select
        link_version.movie_id,
        link_version.source,
        link_version.source_rank,
        fact.attribute,
        fact.value
    from link_version
    cross join
        lateral (
            values ('imdb_id', link_version.imdb_id), ('tmdb_id', link_version.tmdb_id::text)
        ) as fact (attribute, value)
    union all
    select
        credit_version.movie_id,
        credit_version.source,
        credit_version.source_rank,
        fact.attribute,
        fact.value
    from credit_version
    cross join
        lateral (
            values
            ('title', ops.title(credit_version.title)),
            ('release_year', extract(year from credit_version.release_date)::integer::text),
            ('release_date', credit_version.release_date::text)
        ) as fact (attribute, value)
    union all
    select
        imdb_link.movie_id,
        title_version.source,
        title_version.source_rank,
        fact.attribute,
        fact.value
    from title_version
    inner join imdb_link on title_version.tconst = imdb_link.imdb_id
    cross join
        lateral (
            values
            ('title', ops.title(title_version.title)),
            ('original_title', ops.title(title_version.original_title)),
            ('release_year', title_version.release_year::text),
            ('runtime_minutes', title_version.runtime_minutes::text)
        ) as fact (attribute, value)
    union all
    select
        imdb_link.movie_id,
        vote_version.source,
        vote_version.source_rank,
        fact.attribute,
        fact.value
    from vote_version
    inner join imdb_link on vote_version.tconst = imdb_link.imdb_id
    cross join lateral (
        values ('imdb_rating', vote_version.mean_rating::text), ('imdb_votes', vote_version.votes::text)
    ) as fact (attribute, value)
)

select distinct on (movie_id, source_claim.attribute, source_claim.source)
    coalesce(movie_alias.movie_id, source_claim.movie_id) as movie_id,
    source_claim.attribute,
    source_claim.source,
    source_claim.source_rank,
    source_claim.value
from source_claim
left join movie_alias on source_claim.movie_id = movie_alias.alias_id
where source_claim.value is not null
order by
    movie_id asc, source_claim.attribute asc, source_claim.source asc, movie_alias.alias_id asc nulls first,
    source_claim.value asc;
