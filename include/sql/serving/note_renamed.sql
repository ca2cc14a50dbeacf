-- Purpose: note what a version shows under an id that core has merged into another one by now, as where the version is
-- made of an earlier batch. Grain: version and id that was merged. Key: version_id, alias_id.
-- Inputs: serving.catalogue, core.movie_alias. Parameters: version_id.
insert into serving.renamed_movie (version_id, alias_id, movie_id)
select
    catalogue.version_id,
    movie_alias.alias_id,
    movie_alias.movie_id
from core.movie_alias
inner join serving.catalogue on movie_alias.alias_id = catalogue.movie_id
where catalogue.version_id = %(version_id)s
on conflict (version_id, alias_id) do nothing;
