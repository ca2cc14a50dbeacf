-- Purpose: what each source says about each movie, conformed; of several rows of a source the movie's own id
-- goes first.
-- Grain and key: movie_id, attribute, source. Inputs: latest_movie, latest_link, latest_credit, latest_title,
-- latest_vote, movie_alias. Parameters: none.
create temporary table claim on commit drop as
with imdb_link as (
    select distinct
        movie_id,
        imdb_id
    from latest_link
    where imdb_id is not null
),

source_claim as (
    select
        latest_movie.movie_id,
        latest_movie.source,
        latest_movie.source_rank,
        fact.attribute,
        fact.value
    from latest_movie
    cross join
        lateral (
            values
            ('title', ops.title(latest_movie.title)),
            (
                'release_year',
                coalesce(
                    latest_movie.release_year,
                    ops.title_year(latest_movie.title),
                    extract(year from latest_movie.release_date)::integer
                )::text
            ),
            ('release_date', latest_movie.release_date::text)
        ) as fact (attribute, value)
    union all
    select
        latest_link.movie_id,
        latest_link.source,
        latest_link.source_rank,
        fact.attribute,
        fact.value
    from latest_link
    cross join
        lateral (
            values ('imdb_id', latest_link.imdb_id), ('tmdb_id', latest_link.tmdb_id::text)
        ) as fact (attribute, value)
    union all
    select
        latest_credit.movie_id,
        latest_credit.source,
        latest_credit.source_rank,
        fact.attribute,
        fact.value
    from latest_credit
    cross join
        lateral (
            values
            ('title', ops.title(latest_credit.title)),
            (
                'release_year',
                coalesce(latest_credit.release_year, extract(year from latest_credit.release_date)::integer)::text
            ),
            ('release_date', latest_credit.release_date::text)
        ) as fact (attribute, value)
    union all
    select
        imdb_link.movie_id,
        latest_title.source,
        latest_title.source_rank,
        fact.attribute,
        fact.value
    from latest_title
    inner join imdb_link on latest_title.tconst = imdb_link.imdb_id
    cross join
        lateral (
            values
            ('title', ops.title(latest_title.title)),
            ('original_title', ops.title(latest_title.original_title)),
            ('release_year', latest_title.release_year::text),
            ('runtime_minutes', latest_title.runtime_minutes::text)
        ) as fact (attribute, value)
    union all
    select
        imdb_link.movie_id,
        latest_vote.source,
        latest_vote.source_rank,
        fact.attribute,
        fact.value
    from latest_vote
    inner join imdb_link on latest_vote.tconst = imdb_link.imdb_id
    cross join lateral (
        values ('imdb_rating', latest_vote.mean_rating::text), ('imdb_votes', latest_vote.votes::text)
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
