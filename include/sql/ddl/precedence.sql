-- Whose word is taken where sources differ: the rating files, then the application's databases and feeds, then IMDb,
-- then credits files.
create or replace function ops.source_rank(source text) returns integer
language sql immutable parallel safe
return case source when 'movielens' then 1 when 'imdb' then 3 when 'credits' then 4 else 2 end;

-- The application's databases and feeds: every source that is not one of the public files.
create or replace function ops.is_application(source text) returns boolean
language sql immutable parallel safe
return ops.source_rank(source) = 2;
