-- Purpose: what each source says about a movie of the catalogue, for looking into disagreements.
-- Grain and key: movie_id, attribute, source. Inputs: claim, movies. Parameters: none.
merge into movie_claim
using (
    select
        claim.movie_id,
        claim.attribute,
        claim.source,
        claim.value,
        row_number() over (
            partition by claim.movie_id, claim.attribute
            order by claim.source_rank, claim.source
        ) = 1 as is_chosen
    from claim
    inner join movies on claim.movie_id = movies.movie_id
) as incoming
    on
        movie_claim.movie_id = incoming.movie_id
        and movie_claim.attribute = incoming.attribute
        and movie_claim.source = incoming.source
when matched and row(movie_claim.*) is distinct from row(incoming.*) then
    update set value = incoming.value, is_chosen = incoming.is_chosen
when not matched then
    insert (movie_id, attribute, source, value, is_chosen)
    values (incoming.movie_id, incoming.attribute, incoming.source, incoming.value, incoming.is_chosen)
when not matched by source then delete;
