-- Casts that answer null instead of failing, and repairs of text that are made only where they are certain.
create or replace function ops.as_bigint(value text) returns bigint
language sql stable parallel safe
return case when value ~ '^ *[+-]?[0-9]+ *$' and pg_input_is_valid(value, 'bigint') then value::bigint end;

create or replace function ops.as_integer(value text, low integer, high integer) returns integer
language sql stable parallel safe
return case when ops.as_bigint(value) between low and high then ops.as_bigint(value)::integer end;

create or replace function ops.as_number(value text) returns double precision
language sql stable parallel safe
return case
    when
        value ~ '^ *[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})? *$'
        and pg_input_is_valid(value, 'double precision')
        then value::double precision
end;

-- Seconds, milliseconds or microseconds since 1970, told apart by their size: 1e11 seconds are the year 5138,
-- 1e11 milliseconds the year 1973.
create or replace function ops.as_moment(value double precision) returns timestamptz
language sql stable parallel safe
return case
    when abs(value) < 1e11 then to_timestamp(value)
    when abs(value) < 1e14 then to_timestamp(value / 1e3)
    when abs(value) < 1e17 then to_timestamp(value / 1e6)
end;

create or replace function ops.as_time(value text) returns timestamptz
language sql stable parallel safe
return case
    when value ~ '^ *[0-9]{9,10} *$' then to_timestamp(value::double precision)
    when value ~ '^ *[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)? *(Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)? *$' -- noqa: LT05
        then
            case
                when pg_input_is_valid(replace(value, ',', '.'), 'timestamptz')
                    then replace(value, ',', '.')::timestamptz
            end
    else ops.as_moment(ops.as_number(value))
end;

-- A date of the years in which movies are made; any other is none.
create or replace function ops.as_date(value text) returns date
language sql stable parallel safe
return case
    when
        value ~* '^ *([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}[- ][a-z]{3}[a-z]*[- ][0-9]{4})([T ].*)?$'
        and pg_input_is_valid(value, 'date')
        then case when extract(year from value::date) between 1870 and 2100 then value::date end
end;

create or replace function ops.as_word(value text) returns text
language sql immutable parallel safe
return nullif(btrim(value, E' \t\r\n\u00a0'), '');

-- Bytes that were not UTF-8 stand as \xNN. They are certainly Latin-1 where each is one letter of Latin-1 by itself:
-- two in a row may be anything.
create or replace function ops.is_latin(value text) returns boolean
language sql immutable parallel safe
return value !~ '\\x[0-9a-f]{2}' or (
    value !~ '\\x[0-9a-f]{2}\\x[0-9a-f]{2}'
    and value !~ '\\x([0-9a-b][0-9a-f]|d7|f7)'
);

create or replace function ops.from_latin(value text) returns text
language plpgsql immutable parallel safe as $$
declare
    code text;
begin
    if not ops.is_latin(value) then
        return value;
    end if;
    for code in select distinct matches.groups[1] from regexp_matches(value, '\\x([0-9a-f]{2})', 'g') as matches (groups) loop
        value := replace(value, '\x' || code, chr(('x' || lpad(code, 8, '0'))::bit(32)::integer));
    end loop;
    return value;
end;
$$;

-- UTF-8 that was read as Windows-1252 and written as UTF-8 again, once or twice. It is certain where every letter of
-- the
-- text exists in Windows-1252 and the bytes they stand for are valid UTF-8. By chance that happens with a capital and a
-- sign behind it ("CAFÉ’S", "Spaß…"): a single letter beyond the Latin ones proves nothing.
create or replace function ops.from_mojibake(value text) returns text
language plpgsql immutable parallel safe as $$
declare
    repaired text := value;
    decoded text;
begin
    for _ in 1..2 loop
        exit when repaired !~ '[ÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóô][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]';
        begin
            decoded := convert_from(ops.as_windows_bytes(repaired), 'UTF8');
        exception when others then
            exit;
        end;
        exit when decoded ~ '^[\u0001-\u007f]*[\u0180-\u07ff][\u0001-\u007f]*$';
        repaired := decoded;
    end loop;
    return repaired;
end;
$$;

-- Windows-1252 leaves five bytes open; what decoders make of them is the control character of the same number.
-- noqa: disable=RF03
create or replace function ops.as_windows_bytes(value text) returns bytea
language sql immutable parallel safe
return (
    select
        string_agg(
            case
                when ascii(letters.letter) between 128 and 159 then decode(to_hex(ascii(letters.letter)), 'hex')
                else convert_to(letters.letter, 'WIN1252')
            end,
            ''::bytea
            order by letters.place
        )
    from regexp_split_to_table(value, '') with ordinality as letters (letter, place)
);

-- noqa: enable=all

-- One form of every text: repaired, Unicode NFC, without control and direction characters, single spaces.
create or replace function ops.clean(value text) returns text
language sql stable parallel safe
return case
    when value is null then null
    when value ~ '^[!-\[\]-~]+( [!-\[\]-~]+)*$' then value
    else
        nullif(
            btrim(
                regexp_replace(
                    regexp_replace(
                        normalize(ops.from_mojibake(ops.from_latin(value)), nfc),
                        '[\u0001-\u0008\u000e-\u001f\u007f-\u009f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]', -- noqa: LT05
                        '',
                        'g'
                    ),
                    '[\s\u00a0]+', ' ', 'g'
                )
            ),
            ''
        )
end;

-- What no repair made whole: a replacement character, a NUL that was spelt out, a rest of mojibake.
create or replace function ops.is_whole(value text) returns boolean
language sql stable parallel safe
return coalesce(ops.clean(value), '') !~ '\ufffd|\\x00|[ÃÂ][\u0080-\u00bf]|â€';

-- A rating on the scale 0.5 to 5. Scales that lie within are stars already; another one is stretched.
create or replace function ops.as_stars(value double precision, low real, high real) returns real
language sql immutable parallel safe
return case
    when low >= 0.5 and high <= 5 then case when value between low and high then value end
    when value between low and high then 0.5 + (value - low) * 4.5 / (high - low)
end;

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
    when 'children''s' then 'Children'
    when 'kids' then 'Children'
    when 'scifi' then 'Sci-Fi'
    when 'sci fi' then 'Sci-Fi'
    when 'science fiction' then 'Sci-Fi'
    when 'film noir' then 'Film-Noir'
    when 'imax' then 'IMAX'
    when ops.clean(value) then initcap(ops.clean(value))
    else ops.clean(value)
end;

-- Genres in one field, separated by a sign or, where there is none, by spaces; a name of two words stays whole.
-- noqa: disable=RF03
create or replace function ops.genres(value text) returns text[]
language sql stable parallel safe
return array(
    select distinct ops.genre(parts.part)
    from
        regexp_split_to_table(
            value,
            case
                when value ~ '[|,;/]' then '[|,;/]'
                when lower(btrim(value)) in ('film noir', 'science fiction', 'sci fi', 'tv movie', '(no genres listed)')
                    then '[|]'
                else '\s+'
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

-- MovieLens 1M writes occupations as numbers; the words are those of MovieLens 100K where it has them.
create or replace function ops.occupation(value text) returns text
language sql stable parallel safe
return case
    when value ~ '^ *([0-9]|1[0-9]|20) *$'
        then (
            array[
                'other', 'educator', 'artist', 'clerical', 'student', 'customer service', 'doctor', 'executive',
                'farmer', 'homemaker', 'k-12 student', 'lawyer', 'programmer', 'retired', 'salesman', 'scientist',
                'self-employed', 'technician', 'tradesman', 'none', 'writer'
            ]
        )[btrim(value)::integer + 1]
    else lower(ops.clean(value))
end;

create or replace function ops.postcode(value text) returns text
language sql stable parallel safe
return case
    when value ~ '^ *[0-9]{5}-?[0-9]{4} *$' then left(btrim(value), 5)
    else nullif(upper(replace(ops.clean(value), ' ', '')), '')
end;

-- Whose word is taken where sources differ: the rating files, then the application's databases and feeds, then IMDb,
-- then credits files.
create or replace function ops.source_rank(source text) returns integer
language sql immutable parallel safe
return case source when 'movielens' then 1 when 'imdb' then 3 when 'credits' then 4 else 2 end;

-- The application's databases and feeds: every source that is not one of the public files.
create or replace function ops.is_application(source text) returns boolean
language sql immutable parallel safe
return ops.source_rank(source) = 2;
