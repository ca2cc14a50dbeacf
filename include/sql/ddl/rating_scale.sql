-- The scale of ratings in core, how a source's ratings come onto it, and which of them mean that a movie was liked.
-- What movierec.rating_scale and movierec.data.columns say for Python is stated here once for SQL: statements that
-- Python runs have it bound, functions and views ask these functions (tests/sql/test_rating_scale.py compares both).
create or replace function ops.lowest_rating() returns double precision
language sql immutable parallel safe
return 0.5;

create or replace function ops.highest_rating() returns double precision
language sql immutable parallel safe
return 5;

create or replace function ops.is_on_scale(rating double precision) returns boolean
language sql immutable parallel safe
return rating between ops.lowest_rating() and ops.highest_rating();

-- Whether a source's scale lies within that of core, so that its ratings are taken as they are.
create or replace function ops.is_within_scale(low real, high real) returns boolean
language sql immutable parallel safe
return low >= ops.lowest_rating() and high <= ops.highest_rating();

-- A rating of a source on the scale of core; null where it is off the scale of its source. Another scale is stretched.
create or replace function ops.as_stars(value double precision, low real, high real) returns real
language sql immutable parallel safe
return case
    when value between low and high
        then case
            when ops.is_within_scale(low, high) then value
            else
                ops.lowest_rating()
                + (value - low) * (ops.highest_rating() - ops.lowest_rating()) / (high - low)
        end
end;

create or replace function ops.relevant_from() returns real
language sql immutable parallel safe
return 4;
comment on function ops.relevant_from is 'The rating from which on a movie was liked.';

create or replace function ops.liked_weight() returns real
language sql immutable parallel safe
return 0.5;
comment on function ops.liked_weight is
'The weight from which on feedback without a rating says that a movie was liked.';

-- Whether a viewer liked a movie, by the rating or where there is none by the weight of other feedback.
create or replace function ops.is_liked(rating real, weight real) returns boolean
language sql immutable parallel safe
return rating >= ops.relevant_from() or weight >= ops.liked_weight();
