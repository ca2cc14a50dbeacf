-- Purpose: the index of a version's titles, by which serving.search finds them.
-- Grain: trigram. Key: version_id, trigram. Inputs: serving.catalogue. Parameters: version_id.
insert into serving.title_trigram (version_id, trigram, movie_ids)
select
    catalogue.version_id,
    title_trigram.trigram,
    array_agg(catalogue.movie_id order by catalogue.popularity_rank) as movie_ids
from serving.catalogue
cross join unnest(serving.trigrams(catalogue.title)) as title_trigram (trigram)
where catalogue.version_id = %(version_id)s
group by catalogue.version_id, title_trigram.trigram;
