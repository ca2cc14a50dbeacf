-- Purpose: a tag genome, its tags and relevances as arrays, renamed and cast; what cannot be cast is null.
-- Grain: one row of raw.genome. Key: slice_id, position. Inputs: raw.genome. Parameters: none.
create view staging.genome_typed as
select
    genome.slice_id,
    genome.position,
    ops.as_bigint(genome.movie_id) as movie_id,
    string_to_array(ops.as_word(genome.tags), '|') as tags,
    case
        when pg_input_is_valid('{' || replace(genome.relevances, '|', ',') || '}', 'real[]')
            then ('{' || replace(genome.relevances, '|', ',') || '}')::real[]
    end as relevances,
    genome.is_deleted,
    genome.extra,
    to_jsonb(genome) - 'slice_id' - 'position' as record
from raw.genome;
