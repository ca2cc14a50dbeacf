-- Search that forgives typing errors, by trigrams: two titles are alike as far as they share runs of three letters. The
-- extension pg_trgm does the same, but the embedded server does not ship it; these functions split text as it does, and
-- serving.title_trigram is the index, in plain tables, on every PostgreSQL.
create or replace function serving.plain_text(value text) returns text
language sql immutable parallel safe
return btrim(
    regexp_replace(
        regexp_replace(lower(normalize(value, nfkd)), '[\u0300-\u036f]', '', 'g'),
        '[^[:alnum:]]+', ' ', 'g'
    )
);
comment on function serving.plain_text is 'A text in small letters, without accents, words apart by one space.';

-- trigrams.value is the function's parameter, not a column of a table
-- noqa: disable=RF01
create or replace function serving.trigrams(value text) returns text[]
language sql immutable parallel safe
begin atomic
    with padded_word as (
        select '  ' || split.word || ' ' as word
        from regexp_split_to_table(serving.plain_text(trigrams.value), ' ') as split (word)
        where split.word <> ''
    )

    select array_agg(distinct substr(padded_word.word, start.letter, 3))
    from padded_word
    cross join generate_series(1, length(padded_word.word) - 2) as start (letter);
end;
comment on function serving.trigrams is
'The runs of three letters of each word, two spaces in front and one behind: {"  d","die"," di","ie "} for Die.';

create or replace function serving.search(query text, k integer default 10, after bigint default 0)
returns table (
    rank bigint, movie_id bigint, title text, release_year integer, genres text[], similarity double precision
)
language plpgsql stable rows 10
security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    -- the least share of the query's trigrams that a title has
    least_share constant double precision := 0.3;
    plain_query constant text := serving.plain_text(left($1, 200));
    query_trigrams constant text[] := serving.trigrams(plain_query);
begin
    return query
    with seen_version as (
        select live.version_id from serving.live
    ),

    matching_title as (
        select posting.movie_id, count(*) as trigrams, min(posting.position) as position
        from seen_version
        inner join serving.title_trigram on seen_version.version_id = title_trigram.version_id
        cross join unnest(title_trigram.movie_ids) with ordinality as posting (movie_id, position)
        where title_trigram.trigram = any(query_trigrams)
        group by posting.movie_id
        having count(*) >= least_share * cardinality(query_trigrams)
    ),

    -- titles are compared letter by letter only where they may still win: of those that share as many trigrams, the
    -- more popular ones, which come first wherever both stand
    likeliest_title as (
        select matching_title.movie_id, matching_title.trigrams
        from matching_title
        order by matching_title.trigrams desc, matching_title.position asc
        limit 500
    ),

    scored_title as (
        select
            catalogue.movie_id,
            catalogue.title,
            catalogue.release_year,
            catalogue.genres,
            catalogue.popularity_rank,
            serving.plain_text(catalogue.title) as plain_title,
            likeliest_title.trigrams,
            likeliest_title.trigrams::double precision / cardinality(query_trigrams) as similarity
        from likeliest_title
        inner join seen_version on true
        inner join serving.catalogue
            on seen_version.version_id = catalogue.version_id and likeliest_title.movie_id = catalogue.movie_id
        where
            not exists (
                select 1 from serving.hidden(null) as hidden
                where hidden.movie_id = catalogue.movie_id
            )
    ),

    -- a title that shares much less than another one does is like the text by accident
    close_title as (
        select scored_title.*
        from scored_title
        where
            strpos(' ' || scored_title.plain_title, ' ' || plain_query) > 0
            or scored_title.trigrams * 3 >= 2 * (select max(best.trigrams) from scored_title as best)
    ),

    ranked_title as (
        select
            close_title.*,
            row_number() over (
                order by
                    close_title.plain_title = plain_query desc,
                    starts_with(close_title.plain_title, plain_query) desc,
                    strpos(' ' || close_title.plain_title, ' ' || plain_query) > 0 desc,
                    round(close_title.similarity::numeric, 1) desc,
                    close_title.popularity_rank asc
            ) as rank
        from close_title
    )

    select
        ranked_title.rank,
        ranked_title.movie_id,
        ranked_title.title,
        ranked_title.release_year,
        ranked_title.genres,
        ranked_title.similarity
    from ranked_title
    where ranked_title.rank > $3
    order by ranked_title.rank
    limit least(greatest($2, 0), 1000);
end;
$$;
comment on function serving.search is
'The k movies whose title is most like a text, typing errors forgiven: an equal title first, then those that begin with
it, then those that have it at the start of a word, then by how many of its trigrams they share, if those are at least
two thirds of what another title shares; of equals the more popular. The next page is the one after the last rank of
this one.';
