-- Casts of text that return null instead of failing, one for each kind of value, used for every column of that kind.
-- The digits of a whole number as programs write them: 24, 24.0, 24,0, 1,234,567, 1.234.567, 9.64982703E+08. An
-- exponent that says more digits than are written has lost the others: 9.65E+08 is no whole number. Java and Spark
-- leave out zeros alone: 9.6507014E8 is 965070140. 1.000 may be one, or a thousand as Germans write it: it is neither.
create or replace function ops.whole_digits(value text) returns text
language sql immutable parallel safe
return case
    when value ~ '^\s*[+-]?[0-9]+[.,]?\s*$' then rtrim(btrim(value), '.,')
    when value ~ '^\s*[+-]?[1-9][0-9]{0,2}[.]000\s*$' then null
    when value ~ '^\s*[+-]?[0-9]+([.]0+|,0{1,2})\s*$' then regexp_replace(btrim(value), '[.,]0+$', '')
    when value ~ E'^\\s*[+-]?[0-9]{1,3}([,\'\u2019 \u00a0\u202f][0-9]{3})+([.]0+)?\\s*$'
        then regexp_replace(regexp_replace(value, '[.]0+\s*$', ''), '[^0-9+-]', '', 'g')
    when value ~ '^\s*[+-]?[0-9]{1,3}([.][0-9]{3}){2,}(,0+)?\s*$'
        then regexp_replace(regexp_replace(value, ',0+\s*$', ''), '[^0-9+-]', '', 'g')
    when
        value ~ '^\s*[+-]?[0-9][.,][0-9]+[eE][+]?[0-9]{1,2}\s*$'
        and length(substring(value from '[.,]([0-9]+)')) >= substring(value from '[eE][+]?([0-9]+)')::integer
        and replace(value, ',', '.')::numeric = trunc(replace(value, ',', '.')::numeric)
        then trunc(replace(value, ',', '.')::numeric)::text
    when value ~ '^\s*[0-9]\.[0-9]{6,}E[0-9]{1,2}\s*$' and value::numeric = trunc(value::numeric)
        then trunc(value::numeric)::text
end;

-- What may stand around any value and means nothing: spaces, tabs, line ends, the no-break space of pages.
create or replace function ops.blanks() returns text
language sql immutable parallel safe
return E' \t\r\n\u00a0';

-- A text without the blanks around it; null where nothing is left.
create or replace function ops.as_word(value text) returns text
language sql immutable parallel safe
return nullif(btrim(value, ops.blanks()), '');

-- A number without the blanks around it. Two more signs count as blanks here, because they are never part of a number:
-- the narrow space that separates thousands in French, and the mark with which files begin. A word keeps them.
create or replace function ops.without_blanks(value text) returns text
language sql immutable parallel safe
return btrim(value, ops.blanks() || E'\u202f\ufeff');

create or replace function ops.as_bigint(value text) returns bigint
language sql stable parallel safe
return case
    when value ~ '^ *[+-]?[0-9]+ *$' then case when pg_input_is_valid(value, 'bigint') then value::bigint end
    when pg_input_is_valid(ops.whole_digits(ops.without_blanks(value)), 'bigint')
        then ops.whole_digits(ops.without_blanks(value))::bigint
end;

-- An id as one text however it is written, for comparing files before they are cast: 7 for 7.0 and 007.
create or replace function ops.id_text(value text) returns text
language sql stable parallel safe
return case when value ~ '^[1-9][0-9]*$' then value else coalesce(ops.as_bigint(value)::text, value) end;

create or replace function ops.as_integer(value text, low integer, high integer) returns integer
language sql stable parallel safe
return case when ops.as_bigint(value) between low and high then ops.as_bigint(value)::integer end;

-- A number with a point as PostgreSQL reads it; with a decimal comma or separators of thousands it is written anew.
-- Null where 4,500 may be either.
create or replace function ops.with_point(value text) returns text
language sql immutable parallel safe
return case
    when value !~ ',' then value
    when value ~ '^ *[+-]?[1-9][0-9]{0,2},[0-9]{3} *$' then null
    when value ~ '^ *[+-]?[0-9]*,[0-9]+ *$' then replace(value, ',', '.')
    when value ~ '^ *[+-]?[0-9]{1,3}([.][0-9]{3})+,[0-9]+ *$' then replace(replace(value, '.', ''), ',', '.')
    when value ~ '^ *[+-]?[0-9]{1,3}(,[0-9]{3})+([.][0-9]+)? *$' then replace(value, ',', '')
end;

create or replace function ops.as_bare_number(value text) returns double precision
language sql stable parallel safe
return case
    when
        ops.with_point(value) ~ '^ *[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})? *$'
        and pg_input_is_valid(ops.with_point(value), 'double precision')
        then ops.with_point(value)::double precision
end;

-- Nearly every number stands between no blanks but spaces, and is cast at once.
create or replace function ops.as_number(value text) returns double precision
language sql stable parallel safe
return coalesce(ops.as_bare_number(value), ops.as_bare_number(ops.without_blanks(value)));

-- Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size: 1e11 seconds are the year
-- 5138, 1e11 milliseconds the year 1973. What would be nanoseconds of 1990 are ticks of .NET, tenths of a microsecond
-- since the year 1, of the years from 1990 to 2100; movierec.comparison.timestamps says the same.
create or replace function ops.as_moment(value double precision) returns timestamptz
language sql stable parallel safe
return case
    when abs(value) < 1e11 then to_timestamp(value)
    when abs(value) < 1e14 then to_timestamp(value / 1e3)
    when abs(value) < 1e17 then to_timestamp(value / 1e6)
    when value between 627667488e9 and 662380416e9 then to_timestamp(round((value - 621355968e9) / 1e4) / 1e3)
    when abs(value) < 1e20 then to_timestamp(value / 1e9)
end;

-- A date with the month as a word or behind the year stands for one day; with all in digits and the year last, only the
-- order of its column tells (ops.slice, date_order: dmy or mdy).
create or replace function ops.is_ordered_date(value text) returns boolean
language sql immutable parallel safe
return value ~ '^ *[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{4}($|[ ,T])';

create or replace function ops.iso_date(value text, date_order text) returns text
language sql immutable parallel safe
return case
    when not ops.is_ordered_date(value) then value
    when date_order = 'dmy' then regexp_replace(value, '^ *([0-9]+).([0-9]+).([0-9]{4})[,T]?', '\3-\2-\1 ')
    when date_order = 'mdy' then regexp_replace(value, '^ *([0-9]+).([0-9]+).([0-9]{4})[,T]?', '\3-\1-\2 ')
end;

-- A moment of ISO 8601's basic format as PostgreSQL reads it: 20240105101500 has no T.
create or replace function ops.with_t(value text) returns text
language sql immutable parallel safe
return regexp_replace(replace(value, ',', '.'), '^ *([0-9]{8})([0-9]{6}) *$', '\1T\2');

-- Whether a moment says no zone, UTC or an offset behind its time: IST is one of India, of Israel and of Ireland.
create or replace function ops.has_clear_zone(value text) returns boolean
language sql immutable parallel safe
return value !~ ':' or value ~* ':[0-9]{2}([.,][0-9]+)?( ?[ap]m)? *(Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)? *$';

create or replace function ops.as_time(value text, date_order text default null) returns timestamptz
language sql stable parallel safe
return case
    when value ~ '^ *[0-9]{9,10} *$' then to_timestamp(value::double precision)
    when value ~ '^ *[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?)? *(Z|UTC|GMT|[+-][0-9]{2}(:?[0-9]{2})?)? *$' -- noqa: LT05
        then
            case
                when pg_input_is_valid(replace(value, ',', '.'), 'timestamptz')
                    then replace(value, ',', '.')::timestamptz
            end
    when
        ops.is_ordered_date(value)
        or value ~* '^ *([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[- ][a-z]{3,9}[- ][0-9]{4}|[a-z]{3,9} [0-9]{1,2},? [0-9]{4})($|[ ,T])' -- noqa: LT05
        then
            case
                when
                    ops.has_clear_zone(value)
                    and pg_input_is_valid(ops.iso_date(value, date_order), 'timestamptz')
                    then ops.iso_date(value, date_order)::timestamptz
            end
    -- ISO 8601 without signs between the digits; as numbers, these would be moments of 1970 or of the year 2600
    when value ~ '^ *(19|20)[0-9]{6}([0-9]{6}|T[0-9]{4}([0-9]{2}([.,][0-9]+)?)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)? *$'
        then
            case
                when pg_input_is_valid(ops.with_t(value), 'timestamptz')
                    then ops.with_t(value)::timestamptz
            end
    -- an exponent that has lost digits names a moment that nobody meant
    when value ~ '[eE]' then ops.as_moment(ops.as_bigint(value))
    else ops.as_moment(coalesce(ops.as_number(value), ops.as_bigint(value)))
end;

-- From when on feedback can have been given. movierec.comparison.timestamps says the same of files that are compared.
create or replace function ops.earliest_time() returns timestamptz
language sql immutable parallel safe
return timestamptz '1990-01-01 00:00:00+00';

-- Clocks of sources may be ahead, in another time zone up to a day.
create or replace function ops.is_possible_time(value timestamptz) returns boolean
language sql stable parallel safe
return value between ops.earliest_time() and now() + interval '1 day';

-- Whole thousands of seconds that are not full hours, as after a program has written 9.64983e+08: where more than this
-- share of the moments of a file are such, their last digits are gone. movierec.comparison.timestamps says the same.
create or replace function ops.is_blunt(seconds numeric) returns boolean
language sql immutable parallel safe
return mod(seconds, 1000) = 0 and mod(seconds, 3600) <> 0;

create or replace function ops.max_blunt_share() returns double precision
language sql immutable parallel safe
return 0.9;

-- The years in which movies are made. movierec.comparison.facts_files says the same of files that are compared.
create or replace function ops.earliest_release_year() returns integer
language sql immutable parallel safe
return 1870;

create or replace function ops.latest_release_year() returns integer
language sql immutable parallel safe
return 2100;

create or replace function ops.is_release_year(value integer) returns boolean
language sql immutable parallel safe
return value between ops.earliest_release_year() and ops.latest_release_year();

create or replace function ops.as_release_year(value text) returns integer
language sql stable parallel safe
return ops.as_integer(value, ops.earliest_release_year(), ops.latest_release_year());

-- A date of the years in which movies are made; any other is none.
create or replace function ops.as_date(value text, date_order text default null) returns date
language sql stable parallel safe
return case
    when
        ops.iso_date(value, date_order)
        ~* '^ *([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{8}|[0-9]{1,2}[- ][a-z]{3}[a-z]*[- ][0-9]{4}|[a-z]{3,9} [0-9]{1,2},? [0-9]{4})([T ].*)?$' -- noqa: LT05
        and pg_input_is_valid(ops.iso_date(value, date_order), 'date')
        then
            case
                when ops.is_release_year(extract(year from ops.iso_date(value, date_order)::date)::integer)
                    then ops.iso_date(value, date_order)::date
            end
end;

-- The year of a date that says no more, 1995, 1995-07 or 1995-00-00, or whose day and month cannot be told apart.
create or replace function ops.year_of_date(value text) returns integer
language sql stable parallel safe
return case
    when ops.is_ordered_date(value)
        then ops.as_release_year(substring(value from '^ *[0-9]+.[0-9]+.([0-9]{4})'))
    when value ~ '^ *[0-9]{4}[-/.](0?[0-9]|1[0-2])([-/.]00?)? *$'
        then ops.as_release_year(substring(value from '^ *([0-9]{4})'))
    else ops.as_release_year(value)
end;

-- A word, but for those that programs and people write where there is none: NA of R, nan and NaT of pandas, NULL of
-- databases, None of Python, N/A of pages, the lone point of SAS. movierec.comparison.facts_files says the same.
create or replace function ops.as_known(value text) returns text
language sql immutable parallel safe
return case
    when
        lower(ops.as_word(value)) not in (
            'na', 'n/a', '#n/a', '<na>', 'nan', 'nat', 'null', 'none', '\n', '.', '?', '-'
        )
        then ops.as_word(value)
end;

-- The id of a title as IMDb writes it: tt and at least seven digits, of newer titles eight.
create or replace function ops.as_imdb_id(value text) returns text
language sql stable parallel safe
return case
    when ops.as_bigint(regexp_replace(ops.as_word(value), '^tt(?=[0-9])', '')) between 0 and 9999999999
        then 'tt' || to_char(ops.as_bigint(regexp_replace(ops.as_word(value), '^tt(?=[0-9])', '')), 'FM9990000000')
end;
