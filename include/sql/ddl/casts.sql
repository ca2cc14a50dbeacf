-- Casts of text that return null instead of failing.
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
