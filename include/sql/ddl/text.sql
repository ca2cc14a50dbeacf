-- Repairs of text, made only where they are certain, and the one spelling that core gives a text.
-- Bytes that were not UTF-8 stand as \xNN. They are certainly Latin-1 where each is one letter of Latin-1 by itself:
-- two in a row may be anything, and the letters of Iceland are those of Turkey in another encoding
-- (movierec.sources.text.encoding says the same).
create or replace function ops.is_latin(value text) returns boolean
language sql immutable parallel safe
return value !~ '\\x[0-9a-f]{2}' or (
    value !~ '\\x[0-9a-f]{2}\\x[0-9a-f]{2}'
    and value !~ '\\x([0-9a-b][0-9a-f]|d0|d7|dd|de|f0|f7|fd|fe)'
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

-- UTF-8 that was read as Windows-1252 and written as UTF-8 again, once or twice. That is certain where every letter of
-- the text exists in Windows-1252 and the bytes that they stand for are valid UTF-8. By chance, a capital with a sign
-- behind it ("CAFÉ’S", "Spaß…") fulfils this too, so that a single letter beyond the Latin ones proves nothing.
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
            order by letters.position
        )
    from regexp_split_to_table(value, '') with ordinality as letters (letter, position)
);

-- noqa: enable=all

-- One spelling of every text: repaired, Unicode NFC, without control and direction characters, single spaces.
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

-- Whether a text is whole: false where a replacement character, a NUL that was spelt out or mojibake is left in it.
create or replace function ops.is_whole(value text) returns boolean
language sql stable parallel safe
return coalesce(ops.clean(value), '') !~ '\ufffd|\\x00|[ÃÂ][\u0080-\u00bf]|â€';

-- A number and what is counted, as sentences for viewers have it: 1 rating, 2 ratings.
create or replace function ops.counted(amount bigint, thing text) returns text
language sql immutable parallel safe
return concat(amount, ' ', thing, case when amount <> 1 then 's' end);
