-- Purpose: how much tags say about movies, by a tag genome.
-- Grain: movie and tag. Key: movie_id, tag. Inputs: genome. Parameters: none.
select
    movie_id,
    tag,
    relevance
from genome
order by movie_id, tag;
