-- Purpose: the row rules, the one place where they are written.
-- Grain and key: table and rule. Predicates read the row under the alias typed.
-- Inputs: none. Parameters: none.
merge into ops.row_rule
using (
    values
    ('movies', 'columns', 'reject', 'typed.extra -> ''overflow'' is null', 'has no more fields than the header'),
    ('movies', 'movie_id', 'reject', 'typed.movie_id > 0', 'item_id is a positive whole number'),
    ('movies', 'title', 'reject', 'typed.title is not null', 'movie_title is not empty'),
    ('movies', 'release_year', 'warning', 'typed.release_year between 1870 and 2100', 'release_year is a year'),
    ('movies', 'genres', 'warning', 'typed.genres <> array['''']', 'class names at least one genre'),
    ('movie_link', 'columns', 'reject', 'typed.extra -> ''overflow'' is null', 'has no more fields than the header'),
    ('movie_link', 'movie_id', 'reject', 'typed.movie_id > 0', 'item_id is a positive whole number'),
    ('movie_link', 'entity_id', 'reject', 'typed.entity_id is not null', 'entity_id is not empty'),
    ('graph', 'columns', 'reject', 'typed.extra -> ''overflow'' is null', 'has no more fields than the header'),
    ('graph', 'head_id', 'reject', 'typed.head_id is not null', 'head_id is not empty'),
    ('graph', 'relation_id', 'reject', 'typed.relation_id is not null', 'relation_id is not empty'),
    ('graph', 'tail_id', 'reject', 'typed.tail_id is not null', 'tail_id is not empty'),
    ('user_profile', 'user_id', 'reject', 'typed.user_id > 0', 'user_id is a positive whole number'),
    (
        'user_profile', 'age', 'reject', 'typed.age_text is null or typed.age between 1 and 120',
        'age is empty or from 1 to 120'
    ),
    ('user_profile', 'gender', 'warning', 'typed.gender in (''F'', ''M'')', 'gender is F or M'),
    ('ratings', 'columns', 'reject', 'typed.extra -> ''overflow'' is null', 'has no more fields than the header'),
    ('ratings', 'user_id', 'reject', 'typed.user_id > 0', 'user_id is a positive whole number'),
    ('ratings', 'movie_id', 'reject', 'typed.movie_id > 0', 'item_id is a positive whole number'),
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
    ('feedback_event', 'user_id', 'reject', 'typed.user_id > 0', 'user_id is a positive whole number'),
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
