-- What sources write in many ways, in the words of core: titles, genres, viewers.
-- "Matrix, The (1999)" is The Matrix; "City of Lost Children, The (Cité des enfants perdus, La)" has two articles to
-- move.
create or replace function ops.with_article(value text) returns text
language sql immutable parallel safe
return regexp_replace(
    regexp_replace(
        value,
        '(^|\()([^()]+?), (The|An?|Les?|La|Los|Las|El|Il|Lo|Gli|Der|Die|Das|Den|Det|Une?|Una|Eine?)(?=$|\)|:| \()',
        '\1\3 \2', 'gi'
    ),
    '(^|\()([^()]+?), (L'')(?=$|\)|:| \()', '\1\3\2', 'gi'
);

create or replace function ops.title(value text) returns text
language sql stable parallel safe
return coalesce(
    ops.with_article(
        nullif(regexp_replace(ops.clean(value), ' *\((1[89]|20)[0-9]{2}([-–][0-9]{0,4})?\)$', ''), '')
    ),
    ops.clean(value)
);

create or replace function ops.title_year(value text) returns integer
language sql stable parallel safe
return substring(ops.clean(value) from '\(((?:1[89]|20)[0-9]{2})(?:[-–][0-9]{0,4})?\)$')::integer;

create or replace function ops.genre(value text) returns text
language sql stable parallel safe
return case lower(ops.clean(value))
    when 'unknown' then null
    when '(no genres listed)' then null
    when '\n' then null
    when 'n/a' then null
    when 'none' then null
    when 'nan' then null
    when 'null' then null
    when 'sci-fi' then 'Sci-Fi'
    when 'children''s' then 'Children'
    when 'kids' then 'Children'
    when 'scifi' then 'Sci-Fi'
    when 'sci fi' then 'Sci-Fi'
    when 'science fiction' then 'Sci-Fi'
    when 'film noir' then 'Film-Noir'
    when 'imax' then 'IMAX'
    when ops.clean(value) then initcap(ops.clean(value))
    -- longer words in capitals alone are not abbreviations
    else
        case
            when ops.clean(value) ~ '^[A-Z]{5,}([ -][A-Z]+)*$' then initcap(ops.clean(value))
            else ops.clean(value)
        end
end;

-- Whether a word alone is a genre of MovieLens: several of them with spaces between are several genres.
create or replace function ops.is_genre_word(value text) returns boolean
language sql immutable parallel safe
return lower(value) in (
    'unknown', 'action', 'adventure', 'animation', 'children''s', 'children', 'comedy', 'crime', 'documentary', 'drama',
    'fantasy', 'film-noir', 'horror', 'imax', 'musical', 'mystery', 'romance', 'sci-fi', 'thriller', 'war', 'western'
);

-- noqa: disable=RF03
-- A list as repr() of Python writes it, in brackets: array(['A'], dtype=object), frozenset({'A'}), {'A'}, ('A', 'B').
-- An ampersand that was escaped for a page of HTML is one again.
create or replace function ops.in_brackets(value text) returns text
language sql immutable parallel safe
return case
    when value !~ '&amp;|[)}]\s*$' then value
    when value ~ $pattern$^\s*(array|frozenset|set|list|tuple)?\(.*["'].*\)\s*$$pattern$
        then
            '[' || regexp_replace(
                regexp_replace(value, '^\s*(array|frozenset|set|list|tuple)?\(\s*[[{(]?', ''),
                '[]})]?\s*(,\s*dtype=\w+)?,?\s*\)\s*$', ''
            ) || ']'
    when value ~ $pattern$^\s*\{\s*'[^:]*'\s*\}\s*$$pattern$ then '[' || btrim(btrim(value), '{}') || ']'
    else replace(value, '&amp;', '&')
end;

-- Several values as a program writes a list of them, separated by |: ['A', 'B'], ["A", "B"], ['A' 'B'], {A,"B C"}, and
-- of objects their names: [{'id': 1, 'name': 'A'}]. Anything else stays as it is.
create or replace function ops.from_list(value text) returns text
language sql immutable parallel safe
return case
    when value !~ '^\s*[[{]' then value
    when value ~ '^\s*\[\s*\{.*\}\s*\]\s*$' or value ~ '^\s*\{.*["'']name["'']\s*:.*\}\s*$'
        then (
            select string_agg(coalesce(named.parts[1], named.parts[2]), '|' order by named.position)
            from
                regexp_matches(value, $pattern$["']name["']\s*:\s*(?:"([^"]*)"|'([^']*)')$pattern$, 'g')
                with ordinality as named (parts, position)
        )
    when value ~ $pattern$^\s*(\[.*["'].*\]|\{.*".*\})\s*$$pattern$
        then (
            select string_agg(btrim(coalesce(listed.parts[1], listed.parts[2], listed.parts[3])), '|' order by position)
            from
                regexp_matches(
                    btrim(btrim(value), '[]{}'),
                    $pattern$"([^"]*)"|'((?:[^']|(?<=\w)'(?=\w))*)'|([^"',\s][^"',]*)$pattern$,
                    'g'
                ) with ordinality as listed (parts, position)
        )
    when value ~ '^\s*(\[[^][{}]*\]|\{[^][{}]*\})\s*$' then replace(btrim(btrim(value), '[]{}'), ',', '|')
    else value
end;

-- Several values with | between them, of a list as a program writes it; anything else stays as it is.
create or replace function ops.listed(value text) returns text
language sql immutable parallel safe
return case when value ~ '^\s*[[{]|\)\s*$|&amp;' then ops.from_list(ops.in_brackets(value)) else value end;

-- The signs that separate genres, as a class of a regular expression; movierec.comparison.several_values says the same.
create or replace function ops.genre_signs() returns text
language sql immutable parallel safe
return '[|,;/·•、／，；\n\t]';

-- The first sign that separates genres in a text; null in one that names a single genre or none. Spaces separate them
-- where every word is a genre of MovieLens; "Martial Arts" and "Kids & Family" stay whole.
create or replace function ops.genre_sign(value text) returns text
language sql immutable parallel safe
return case
    when lower(btrim(value)) = 'n/a' then null
    when value ~ ops.genre_signs() then substring(value from ops.genre_signs())
    when
        btrim(value) ~ '\s'
        and not exists (
            select 1 from regexp_split_to_table(btrim(value), '\s+') as words (word)
            where not ops.is_genre_word(words.word)
        )
        then ' '
end;

-- Genres in one field, separated by a sign. Where the layout says that spaces separate them, staging has turned these
-- into signs by then.
create or replace function ops.genres(value text) returns text[]
language sql stable parallel safe
return array(
    select distinct ops.genre(parts.part)
    from
        regexp_split_to_table(
            value,
            case
                when ops.genre_sign(value) = ' ' then '\s+'
                when ops.genre_sign(value) is not null then ops.genre_signs()
                else '[|]'
            end
        ) as parts (part)
    where ops.genre(parts.part) ~ '[[:alpha:]]'
);

-- noqa: enable=all

create or replace function ops.age_group(age integer) returns text
language sql immutable parallel safe
return case
    when age < 18 then 'under 18'
    when age < 25 then '18-24'
    when age < 35 then '25-34'
    when age < 45 then '35-44'
    when age < 50 then '45-49'
    when age < 56 then '50-55'
    when age >= 56 then '56+'
end;

create or replace function ops.gender(value text) returns text
language sql stable parallel safe
return case lower(ops.clean(value))
    when 'f' then 'F'
    when 'female' then 'F'
    when 'w' then 'F'
    when 'woman' then 'F'
    when 'm' then 'M'
    when 'male' then 'M'
    when 'man' then 'M'
    else upper(ops.clean(value))
end;

-- MovieLens 1M writes occupations as numbers; the words are those of MovieLens 100K where it has them. Programs write
-- 12.0 for 12 where one is missing, also in postcodes.
create or replace function ops.occupation(value text) returns text
language sql stable parallel safe
return case
    when value ~ '^ *([0-9]|1[0-9]|20)([.]0+)? *$'
        then (
            array[
                'other', 'educator', 'artist', 'clerical', 'student', 'customer service', 'doctor', 'executive',
                'farmer', 'homemaker', 'k-12 student', 'lawyer', 'programmer', 'retired', 'salesman', 'scientist',
                'self-employed', 'technician', 'tradesman', 'none', 'writer'
            ]
        )[ops.as_bigint(value) + 1]
    else lower(ops.clean(value))
end;

create or replace function ops.postcode(value text) returns text
language sql stable parallel safe
return case
    when value ~ '^ *[0-9]{5}-?[0-9]{4} *$' then left(btrim(value), 5)
    when value ~ '^ *[0-9]{3,6}[.]0 *$' then left(btrim(value), -2)
    else nullif(upper(replace(ops.clean(value), ' ', '')), '')
end;
