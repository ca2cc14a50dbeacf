-- Purpose: the row rules, the one place where they are written.
-- Grain and key: table and rule. Predicates read the row under the alias typed.
-- Inputs: none. Parameters: none.
merge into ops.row_rule
using (
    values
    (
        'movies', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    (
        'movies', 'movie_id', 'reject', false,
        'typed.movie_id between 1 and 2147483647',
        'movie_id is a whole number from 1 to 2147483647'
    ),
    ('movies', 'title', 'reject', false, 'length(ops.clean(typed.title)) <= 500', 'title has 1 to 500 characters'),
    (
        'movies', 'genres_length', 'reject', false,
        'typed.genres is null or length(typed.genres) <= 1000 and coalesce((select max(length(genre)) from '
        || 'unnest(ops.genres(typed.genres)) as genres (genre)), 0) <= 100',
        'genres has at most 1000 characters, each of them at most 100'
    ),
    (
        'movies', 'aligned', 'reject', true,
        'coalesce(typed.genres, '''') !~ ''\((18|19|20)[0-9]{2}\)|https?://|[{}]'' and coalesce(typed.title, '''') !~ '
        || '''^(https?://|[A-Z][A-Za-z''''-]+(\|[A-Z][A-Za-z''''-]+)+$)'' and '
        || 'coalesce(typed.release_year_text, '''') !~ ''[|]''',
        'title, release_year and genres hold what their names say'
    ),
    (
        'movies', 'damaged', 'reject', true,
        'ops.is_whole(typed.title)',
        'text is whole: no replacement characters, no NUL, no letters that were read in a wrong encoding'
    ),
    (
        'movies', 'encoding', 'reject', true,
        'typed.extra is null or not typed.extra ? ''encoding'' or ops.is_latin(coalesce(typed.title, '
        || ''''') || coalesce(typed.genres, ''''))',
        'text is UTF-8, or certainly Latin-1'
    ),
    (
        'movies', 'release_date', 'warning', false,
        'typed.release_date_text is null or typed.release_date is not null',
        'release_date is a date'
    ),
    (
        'movies', 'release_year', 'warning', false,
        'typed.release_year_text is null or typed.release_year between 1870 and 2100',
        'release_year is a year'
    ),
    ('movies', 'genres', 'warning', false, 'typed.genres is not null', 'genres names at least one'),
    (
        'links', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    (
        'links', 'movie_id', 'reject', false,
        'typed.movie_id between 1 and 2147483647',
        'movie_id is a whole number from 1 to 2147483647'
    ),
    (
        'links', 'imdb_id', 'reject', true,
        'typed.imdb_id_text is null or typed.imdb_id is not null',
        'imdb_id is empty or a number, with or without tt'
    ),
    (
        'links', 'tmdb_id', 'reject', true,
        'typed.tmdb_id_text is null or typed.tmdb_id > 0',
        'tmdb_id is empty or a positive whole number'
    ),
    (
        'credits', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    (
        'credits', 'movie_id', 'reject', false,
        'typed.movie_id between 1 and 2147483647',
        'movie_id is a whole number from 1 to 2147483647'
    ),
    (
        'credits', 'released', 'reject', true,
        'typed.release_date_text is null or typed.release_date is not null',
        'released is empty or a date'
    ),
    (
        'credits', 'aligned', 'reject', true,
        'concat(typed.directors, ''|'', typed.actors, ''|'', typed.writers) !~ '
        || '''[0-9]{4}-[0-9]{2}|https?://|(^|[|]) *[0-9.]+ *([|]|$)'' and coalesce(typed.title, '''') !~ '
        || '''[|].*[|]''',
        'directors, actors and writers are names'
    ),
    (
        'credits', 'damaged', 'reject', true,
        'ops.is_whole(concat(typed.title, typed.directors, typed.actors, typed.writers))',
        'text is whole: no replacement characters, no NUL, no letters that were read in a wrong encoding'
    ),
    (
        'credits', 'encoding', 'reject', true,
        'typed.extra is null or not typed.extra ? ''encoding'' or ops.is_latin(coalesce(typed.title, '
        || ''''') || coalesce(typed.directors, '''') || coalesce(typed.actors, '''') || '
        || 'coalesce(typed.writers, ''''))',
        'text is UTF-8, or certainly Latin-1'
    ),
    (
        'credits', 'length', 'reject', false,
        'length(concat(typed.title, typed.directors, typed.actors, typed.writers)) <= 8000',
        'all names together have at most 8000 characters'
    ),
    (
        'credits', 'name_length', 'reject', false,
        'coalesce((select max(length(name)) from '
        || 'regexp_split_to_table(concat_ws(''|'', typed.directors, typed.actors, typed.writers), ''[|;]'') '
        || 'as names (name)), 0) <= 200',
        'no name has more than 200 characters'
    ),
    ('credits', 'director', 'warning', false, 'typed.directors is not null', 'director names somebody'),
    (
        'imdb_title', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    ('imdb_title', 'tconst', 'reject', false, 'typed.tconst ~ ''^tt[0-9]{1,12}$''', 'tconst is tt and a number'),
    ('imdb_title', 'title', 'reject', false, 'length(typed.title) <= 500', 'primary_title has 1 to 500 characters'),
    (
        'imdb_title', 'release_year', 'reject', true,
        'typed.release_year_text is null or typed.release_year between 1870 and 2100',
        'start_year is empty or a year'
    ),
    (
        'imdb_title', 'runtime_minutes', 'reject', true,
        'typed.runtime_text is null or typed.runtime_minutes between 1 and 100000',
        'runtime_minutes is empty or from 1 to 100000'
    ),
    (
        'imdb_title', 'damaged', 'reject', true,
        'ops.is_whole(typed.title)',
        'text is whole: no replacement characters, no NUL, no letters that were read in a wrong encoding'
    ),
    (
        'imdb_title', 'encoding', 'reject', true,
        'typed.extra is null or not typed.extra ? ''encoding'' or ops.is_latin(coalesce(typed.title, '
        || ''''') || coalesce(typed.original_title, ''''))',
        'text is UTF-8, or certainly Latin-1'
    ),
    (
        'imdb_crew', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    ('imdb_crew', 'tconst', 'reject', false, 'typed.tconst ~ ''^tt[0-9]{1,12}$''', 'tconst is tt and a number'),
    (
        'imdb_crew', 'people', 'reject', false,
        'concat(typed.directors, '','', typed.writers) ~ ''^(nm[0-9]{1,12}|,)*$''',
        'directors and writers are lists of nm ids'
    ),
    (
        'imdb_principal', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    ('imdb_principal', 'tconst', 'reject', false, 'typed.tconst ~ ''^tt[0-9]{1,12}$''', 'tconst is tt and a number'),
    ('imdb_principal', 'nconst', 'reject', false, 'typed.nconst ~ ''^nm[0-9]{1,12}$''', 'nconst is nm and a number'),
    (
        'imdb_principal', 'ordering', 'reject', false,
        'typed.billing between 1 and 100000',
        'ordering is a whole number from 1'
    ),
    (
        'imdb_principal', 'category', 'reject', false,
        'length(typed.category) <= 100',
        'category has 1 to 100 characters'
    ),
    (
        'imdb_rating', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    ('imdb_rating', 'tconst', 'reject', false, 'typed.tconst ~ ''^tt[0-9]{1,12}$''', 'tconst is tt and a number'),
    (
        'imdb_rating', 'average_rating', 'reject', false,
        'typed.mean_rating between 1 and 10',
        'average_rating is a number from 1 to 10'
    ),
    (
        'imdb_rating', 'num_votes', 'reject', false,
        'typed.votes between 0 and 2147483647',
        'num_votes is a whole number'
    ),
    (
        'imdb_name', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    ('imdb_name', 'nconst', 'reject', false, 'typed.nconst ~ ''^nm[0-9]{1,12}$''', 'nconst is nm and a number'),
    ('imdb_name', 'name', 'reject', false, 'length(typed.name) <= 300', 'primary_name has 1 to 300 characters'),
    (
        'imdb_name', 'damaged', 'reject', true,
        'ops.is_whole(typed.name)',
        'text is whole: no replacement characters, no NUL, no letters that were read in a wrong encoding'
    ),
    (
        'imdb_name', 'encoding', 'reject', true,
        'typed.extra is null or not typed.extra ? ''encoding'' or ops.is_latin(coalesce(typed.name, ''''))',
        'text is UTF-8, or certainly Latin-1'
    ),
    (
        'movie_link', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    (
        'movie_link', 'movie_id', 'reject', false,
        'typed.movie_id between 1 and 2147483647',
        'movie_id is a whole number from 1 to 2147483647'
    ),
    (
        'movie_link', 'entity_id', 'reject', false,
        'length(typed.entity_id) <= 200',
        'entity_id has 1 to 200 characters'
    ),
    (
        'graph', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    ('graph', 'head_id', 'reject', false, 'length(typed.head_id) <= 200', 'head_id has 1 to 200 characters'),
    (
        'graph', 'relation_id', 'reject', false,
        'length(typed.relation_id) <= 200',
        'relation_id has 1 to 200 characters'
    ),
    ('graph', 'tail_id', 'reject', false, 'length(typed.tail_id) <= 200', 'tail_id has 1 to 200 characters'),
    (
        'user_profile', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    (
        'user_profile', 'user_id', 'reject', false,
        'typed.user_id between 1 and 9007199254740991',
        'user_id is a whole number from 1 to 2^53'
    ),
    (
        'user_profile', 'age', 'reject', true,
        'typed.age_text is null or typed.age between 1 and 120',
        'age is empty or from 1 to 120'
    ),
    (
        'user_profile', 'gender', 'reject', true,
        'typed.gender is null or typed.gender ~ ''^[[:alpha:] -]+$''',
        'gender is a word'
    ),
    (
        'user_profile', 'length', 'reject', false,
        'length(concat(typed.gender, typed.occupation, typed.postcode)) <= 500',
        'gender, occupation and zip_code have at most 500 characters together'
    ),
    (
        'user_profile', 'encoding', 'reject', true,
        'typed.extra is null or not typed.extra ? ''encoding'' or ops.is_latin(coalesce(typed.gender, '
        || ''''') || coalesce(typed.occupation, '''') || coalesce(typed.postcode, ''''))',
        'text is UTF-8, or certainly Latin-1'
    ),
    (
        'user_profile', 'gender_known', 'warning', false,
        'upper(left(typed.gender, 1)) in (''F'', ''M'')',
        'gender is F or M'
    ),
    (
        'ratings', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    (
        'ratings', 'user_id', 'reject', false,
        'typed.user_id between 1 and 9007199254740991',
        'user_id is a whole number from 1 to 2^53'
    ),
    (
        'ratings', 'movie_id', 'reject', false,
        'typed.movie_id between 1 and 2147483647',
        'movie_id is a whole number from 1 to 2147483647'
    ),
    (
        'ratings', 'movie_known', 'reject', false,
        'typed.movie_id in (select known_movie.movie_id from staging.known_movie)',
        'movie_id is a movie that is known'
    ),
    (
        'ratings', 'rating', 'reject', false,
        'typed.rating between 0.5 and 5',
        'rating is a number on the scale of its source, from 0.5 to 5 unless the source says otherwise'
    ),
    (
        'ratings', 'rated_at', 'reject', false,
        'typed.rated_at between ''1990-01-01'' and now() + interval ''1 day''',
        'rated_at is a time from the year 1990 to today: seconds or milliseconds since 1970, or ISO 8601'
    ),
    (
        'tags', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    (
        'tags', 'user_id', 'reject', false,
        'typed.user_id between 1 and 9007199254740991',
        'user_id is a whole number from 1 to 2^53'
    ),
    (
        'tags', 'movie_id', 'reject', false,
        'typed.movie_id between 1 and 2147483647',
        'movie_id is a whole number from 1 to 2147483647'
    ),
    (
        'tags', 'movie_known', 'reject', false,
        'typed.movie_id in (select known_movie.movie_id from staging.known_movie)',
        'movie_id is a movie that is known'
    ),
    ('tags', 'tag', 'reject', false, 'length(typed.tag) <= 500', 'tag has 1 to 500 characters'),
    (
        'tags', 'damaged', 'reject', true,
        'ops.is_whole(typed.tag)',
        'text is whole: no replacement characters, no NUL, no letters that were read in a wrong encoding'
    ),
    (
        'tags', 'encoding', 'reject', true,
        'typed.extra is null or not typed.extra ? ''encoding'' or ops.is_latin(coalesce(typed.tag, ''''))',
        'text is UTF-8, or certainly Latin-1'
    ),
    (
        'tags', 'tagged_at', 'reject', false,
        'typed.tagged_at between ''1990-01-01'' and now() + interval ''1 day''',
        'tagged_at is a time from the year 1990 to today: seconds or milliseconds since 1970, or ISO 8601'
    ),
    (
        'feedback_event', 'columns', 'reject', false,
        'typed.extra is null or not typed.extra ?| array[''overflow'', ''missing'', ''error'']',
        'has as many fields as the header'
    ),
    (
        'feedback_event', 'event_id', 'reject', false,
        'length(typed.event_id) <= 200',
        'event_id has 1 to 200 characters'
    ),
    (
        'feedback_event', 'user_id', 'reject', false,
        'typed.user_id between 1 and 9007199254740991',
        'user_id is a whole number from 1 to 2^53'
    ),
    (
        'feedback_event', 'movie_id', 'reject', false,
        'typed.movie_id between 1 and 2147483647',
        'movie_id is a whole number from 1 to 2147483647'
    ),
    (
        'feedback_event', 'movie_known', 'reject', false,
        'typed.movie_id in (select known_movie.movie_id from staging.known_movie)',
        'movie_id is a movie that is known'
    ),
    (
        'feedback_event', 'kind', 'reject', false,
        'typed.kind in (''view'', ''click'', ''like'', ''dislike'', ''rating'')',
        'kind is view, click, like, dislike or rating'
    ),
    (
        'feedback_event', 'value', 'reject', false,
        'case when typed.kind = ''rating'' then typed.value between 0.5 and 5 else '
        || 'typed.value_text is null or typed.value = 0 or abs(typed.value) between 1e-30 and 1e30 end',
        'value is a number, from 0.5 to 5 for a rating'
    ),
    (
        'feedback_event', 'occurred_at', 'reject', false,
        'typed.occurred_at between ''1990-01-01'' and now() + interval ''1 day''',
        'created_at is a time from the year 1990 to today: seconds or milliseconds since 1970, or ISO 8601'
    )
) as rules (table_name, rule, severity, is_waivable, predicate, sentence)
    on row_rule.table_name = rules.table_name and row_rule.rule = rules.rule
when matched then
    update set
        severity = rules.severity,
        is_waivable = rules.is_waivable,
        predicate = rules.predicate,
        sentence = rules.sentence
when not matched then
    insert (table_name, rule, severity, is_waivable, predicate, sentence)
    values (
        rules.table_name, rules.rule, rules.severity, rules.is_waivable, rules.predicate, rules.sentence
    )
when not matched by source then delete;
