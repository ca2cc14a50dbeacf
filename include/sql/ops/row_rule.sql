-- Purpose: the row rules, the one place where they are written.
-- Grain and key: table and rule. Predicates read the row under the alias typed.
-- Inputs: none. Parameters: none.
merge into ops.row_rule
using (
    values
    ('movies', 'columns', 'reject', 'typed.extra -> ''overflow'' is null', 'has no more fields than the header'),
    (
        'movies',
        'movie_id',
        'reject',
        'typed.movie_id between 1 and 2147483647',
        'item_id is a whole number from 1 to 2147483647'
    ),
    ('movies', 'title', 'reject', 'length(typed.title) <= 500', 'movie_title has 1 to 500 characters'),
    (
        'movies',
        'genre_length',
        'reject',
        'not exists (select 1 from unnest(typed.genres) as named (genre) where length(named.genre) > 100)',
        'no genre in class has more than 100 characters'
    ),
    ('movies', 'release_year', 'warning', 'typed.release_year between 1870 and 2100', 'release_year is a year'),
    ('movies', 'genres', 'warning', 'typed.genres <> array['''']', 'class names at least one genre'),
    ('movie_link', 'columns', 'reject', 'typed.extra -> ''overflow'' is null', 'has no more fields than the header'),
    (
        'movie_link',
        'movie_id',
        'reject',
        'typed.movie_id between 1 and 2147483647',
        'item_id is a whole number from 1 to 2147483647'
    ),
    ('movie_link', 'entity_id', 'reject', 'length(typed.entity_id) <= 200', 'entity_id has 1 to 200 characters'),
    ('graph', 'columns', 'reject', 'typed.extra -> ''overflow'' is null', 'has no more fields than the header'),
    ('graph', 'head_id', 'reject', 'length(typed.head_id) <= 200', 'head_id has 1 to 200 characters'),
    ('graph', 'relation_id', 'reject', 'length(typed.relation_id) <= 200', 'relation_id has 1 to 200 characters'),
    ('graph', 'tail_id', 'reject', 'length(typed.tail_id) <= 200', 'tail_id has 1 to 200 characters'),
    (
        'user_profile',
        'user_id',
        'reject',
        'typed.user_id between 1 and 9007199254740991',
        'user_id is a whole number from 1 to 2^53'
    ),
    (
        'user_profile', 'age', 'reject', 'typed.age_text is null or typed.age between 1 and 120',
        'age is empty or from 1 to 120'
    ),
    (
        'user_profile', 'length', 'reject',
        'length(concat(typed.gender, typed.occupation, typed.postcode)) <= 500',
        'gender, occupation and zip_code have at most 500 characters together'
    ),
    ('user_profile', 'gender', 'warning', 'typed.gender in (''F'', ''M'')', 'gender is F or M'),
    ('ratings', 'columns', 'reject', 'typed.extra -> ''overflow'' is null', 'has no more fields than the header'),
    (
        'ratings',
        'user_id',
        'reject',
        'typed.user_id between 1 and 9007199254740991',
        'user_id is a whole number from 1 to 2^53'
    ),
    (
        'ratings',
        'movie_id',
        'reject',
        'typed.movie_id between 1 and 2147483647',
        'item_id is a whole number from 1 to 2147483647'
    ),
    (
        'ratings', 'movie_known', 'reject',
        'exists (select 1 from staging.movies where movies.batch_id = typed.batch_id'
        || ' and movies.movie_id = typed.movie_id)',
        'item_id is a movie of the same night'
    ),
    ('ratings', 'rating', 'reject', 'typed.rating between 0.5 and 5', 'rating is a number from 0.5 to 5'),
    (
        'ratings', 'rated_at', 'reject', 'typed.rated_at between ''1990-01-01'' and now() + interval ''1 day''',
        'timestamp is in seconds since 1970, from the year 1990 to today'
    ),
    ('feedback_event', 'event_id', 'reject', 'typed.event_id > 0', 'event_id is a positive whole number'),
    (
        'feedback_event',
        'user_id',
        'reject',
        'typed.user_id between 1 and 9007199254740991',
        'user_id is a whole number from 1 to 2^53'
    ),
    (
        'feedback_event', 'movie_known', 'reject',
        'exists (select 1 from staging.movies where movies.batch_id = typed.batch_id'
        || ' and movies.movie_id = typed.movie_id)',
        'movie_id is a movie of the same night'
    ),
    (
        'feedback_event', 'kind', 'reject', 'typed.kind in (''view'', ''click'', ''like'', ''dislike'', ''rating'')',
        'kind is view, click, like, dislike or rating'
    ),
    (
        'feedback_event', 'value', 'reject',
        'case when typed.kind = ''rating'' then typed.value between 0.5 and 5'
        || ' else typed.value_text is null or typed.value is not null end',
        'value is a number, from 0.5 to 5 for a rating'
    ),
    (
        'feedback_event', 'occurred_at', 'reject',
        'typed.occurred_at between ''1990-01-01'' and now() + interval ''1 day''',
        'created_at is a time from the year 1990 to today'
    )
) as rules (table_name, rule, severity, predicate, sentence)
    on row_rule.table_name = rules.table_name and row_rule.rule = rules.rule
when matched then
    update set severity = rules.severity, predicate = rules.predicate, sentence = rules.sentence
when not matched then
    insert (table_name, rule, severity, predicate, sentence)
    values (rules.table_name, rules.rule, rules.severity, rules.predicate, rules.sentence)
when not matched by source then delete;
