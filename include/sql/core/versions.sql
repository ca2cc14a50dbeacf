-- Purpose: the last word of each piece on each movie, without what is gone at the source.
-- Grain: piece and movie. Inputs: staging.movies, .links, .credits, .imdb_title, .imdb_rating, .movie_link, manifest.
-- Parameters: none.
-- noqa: disable=AM04
create temporary table movie_version on commit drop as
with latest as (
    select distinct on (manifest.lineage, movies.movie_id)
        manifest.source,
        manifest.source_rank,
        movies.*
    from staging.movies
    inner join manifest on movies.slice_id = manifest.slice_id and manifest.is_held
    order by manifest.lineage asc, movies.movie_id asc, manifest.turn desc, movies.position desc
)

select latest.*
from latest
where not latest.is_deleted;

create temporary table link_version on commit drop as
with latest as (
    select distinct on (manifest.lineage, links.movie_id)
        manifest.source,
        manifest.source_rank,
        links.*
    from staging.links
    inner join manifest on links.slice_id = manifest.slice_id and manifest.is_held
    order by manifest.lineage asc, links.movie_id asc, manifest.turn desc, links.position desc
)

select latest.*
from latest
where not latest.is_deleted;

create temporary table credit_version on commit drop as
with latest as (
    select distinct on (manifest.lineage, credits.movie_id)
        manifest.source,
        manifest.source_rank,
        credits.*
    from staging.credits
    inner join manifest on credits.slice_id = manifest.slice_id and manifest.is_held
    order by manifest.lineage asc, credits.movie_id asc, manifest.turn desc, credits.position desc
)

select latest.*
from latest
where not latest.is_deleted;

create temporary table title_version on commit drop as
with latest as (
    select distinct on (manifest.lineage, imdb_title.tconst)
        manifest.source,
        manifest.source_rank,
        imdb_title.*
    from staging.imdb_title
    inner join manifest on imdb_title.slice_id = manifest.slice_id and manifest.is_held
    order by manifest.lineage asc, imdb_title.tconst asc, manifest.turn desc, imdb_title.position desc
)

select latest.*
from latest
where not latest.is_deleted;

create temporary table vote_version on commit drop as
with latest as (
    select distinct on (manifest.lineage, imdb_rating.tconst)
        manifest.source,
        manifest.source_rank,
        imdb_rating.*
    from staging.imdb_rating
    inner join manifest on imdb_rating.slice_id = manifest.slice_id and manifest.is_held
    order by manifest.lineage asc, imdb_rating.tconst asc, manifest.turn desc, imdb_rating.position desc
)

select latest.*
from latest
where not latest.is_deleted;

create temporary table entity_version on commit drop as
with latest as (
    select distinct on (manifest.lineage, movie_link.movie_id)
        manifest.source,
        manifest.source_rank,
        movie_link.*
    from staging.movie_link
    inner join manifest on movie_link.slice_id = manifest.slice_id and manifest.is_held
    order by manifest.lineage asc, movie_link.movie_id asc, manifest.turn desc, movie_link.position desc
)

select latest.*
from latest
where not latest.is_deleted;

analyze movie_version;
analyze link_version;
analyze credit_version;
analyze title_version;
analyze vote_version;
analyze entity_version;
