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
) as tonight
    on
        movie_claim.movie_id = tonight.movie_id
        and movie_claim.attribute = tonight.attribute
        and movie_claim.source = tonight.source
when matched and row(movie_claim.*) is distinct from row(tonight.*) then
    update set value = tonight.value, is_chosen = tonight.is_chosen
when not matched then
    insert (movie_id, attribute, source, value, is_chosen)
    values (tonight.movie_id, tonight.attribute, tonight.source, tonight.value, tonight.is_chosen)
when not matched by source then delete;
