-- Purpose: the row rules, the one place where they are written.
-- Grain and key: table_name, rule. A rule of several tables names them with commas between them; * is every table that
-- has a view staging.<table>_typed. Predicates read the row of that view under the alias typed.
-- Inputs: none. Parameters: none.
merge into ops.row_rule
using (
    with typed_table as (
        select string_agg(regexp_replace(table_name, '_typed$', ''), ', ') as table_names
        from information_schema.views
        where table_schema = 'staging' and table_name ~ '_typed$'
    ),

    -- what is read of a row whose file is not all UTF-8
    decoded_text (table_name, content) as (
        values
        ('movies', $$coalesce(typed.title, '') || coalesce(typed.genres, '')$$),
        (
            'credits',
            $$coalesce(typed.title, '') || coalesce(typed.directors, '') || coalesce(typed.actors, '') || $$
            || $$coalesce(typed.writers, '')$$
        ),
        ('imdb_title', $$coalesce(typed.title, '') || coalesce(typed.original_title, '')$$),
        ('imdb_name', $$coalesce(typed.name, '')$$),
        (
            'user_profile',
            $$coalesce(typed.gender, '') || coalesce(typed.occupation, '') || coalesce(typed.postcode, '')$$
        ),
        ('tags', $$coalesce(typed.tag, '')$$)
    ),

    whole_text (table_name, content) as (
        values
        ('movies, imdb_title', 'typed.title'),
        ('credits', 'concat(typed.title, typed.directors, typed.actors, typed.writers)'),
        ('imdb_name', 'typed.name'),
        ('tags', 'typed.tag')
    ),

    written_rule (table_names, rule, severity, is_waivable, predicate, sentence) as (
        values
        -- rules of several tables
        (
            '*', 'columns', 'reject', false,
            $$typed.extra is null or not typed.extra ?| array['overflow', 'missing', 'error']$$,
            'has as many fields as the header; as JSON it gives no key two values'
        ),
        (
            '*', 'quoting', 'reject', true,
            $$typed.extra is null or not typed.extra ? 'quoting'$$,
            'quotes pair, doubled or behind a backslash inside a value, which has at most 64 KB over several lines'
        ),
        (
            'movies, links, credits, genome, movie_link, ratings, tags, feedback_event', 'movie_id', 'reject', false,
            'typed.movie_id between 0 and 2147483647',
            'movie_id is a whole number from 0 to 2147483647'
        ),
        (
            'ratings, tags, feedback_event', 'movie_known', 'reject', false,
            'typed.movie_id in (select known_movie.movie_id from staging.known_movie)',
            'movie_id is a movie that is known'
        ),
        (
            'user_profile, ratings, tags, feedback_event', 'user_id', 'reject', false,
            'typed.user_id between 0 and 9007199254740991',
            'user_id is a whole number from 0 to 9007199254740991 (2^53 - 1), the largest that all readers of JSON keep'
        ),
        (
            'imdb_title, imdb_crew, imdb_principal, imdb_rating', 'tconst', 'reject', false,
            $$typed.tconst ~ '^tt[0-9]{1,12}$'$$,
            'tconst is tt and a number'
        ),
        (
            'imdb_principal, imdb_name', 'nconst', 'reject', false,
            $$typed.nconst ~ '^nm[0-9]{1,12}$'$$,
            'nconst is nm and a number'
        ),

        -- rules of one table
        (
            'movies', 'title', 'reject', false,
            'length(ops.clean(typed.title)) <= 500',
            'title has 1 to 500 characters'
        ),
        (
            'movies', 'genres_length', 'reject', false,
            -- ASCII of at most 100 characters has no longer part, and is not split to see it
            $$typed.genres is null or octet_length(typed.genres) <= 100 and typed.genres !~ '[^ -~]' or $$
            || 'length(typed.genres) <= 1000 and coalesce((select max(length(genre)) from '
            || 'unnest(ops.genres(typed.genres)) as genres (genre)), 0) <= 100',
            'genres has at most 1000 characters, each of them at most 100'
        ),
        (
            'movies', 'aligned', 'reject', true,
            $$coalesce(typed.genres, '') !~ '\((18|19|20)[0-9]{2}\)|https?://|[{}<>]' and $$
            || $$coalesce(typed.title, '') !~ '^(https?://|[A-Z][A-Za-z''-]+(\|[A-Z][A-Za-z''-]+)+$)' and $$
            || $$coalesce(typed.release_year_text, '') !~ '[|]'$$,
            'title, release_year and genres hold what their names say'
        ),
        (
            'movies', 'release_date', 'warning', false,
            'typed.release_date_text is null or typed.release_date is not null or '
            || 'not ops.is_ordered_date(typed.release_date_text) and '
            || 'ops.year_of_date(typed.release_date_text) is not null',
            'release_date is a date, or a year with or without a month'
        ),
        (
            'movies', 'release_year', 'warning', false,
            'typed.release_year_text is null or ops.is_release_year(typed.release_year)',
            'release_year is a year'
        ),
        (
            'movies', 'genres', 'warning', false,
            -- a capitalized word in front is a genre, and the rest is not split to see it
            $$typed.genres is not null and (typed.genres ~ '^[A-Z][a-z]+([|]|$)' and $$
            || $$typed.genres !~* '^(unknown|none)' or cardinality(ops.genres(typed.genres)) > 0 or $$
            || $$lower(typed.genres) in ('(no genres listed)', 'unknown', 'n/a', 'none', '\n'))$$,
            'genres names at least one'
        ),
        (
            'movies', 'genre_separators', 'warning', false,
            -- between spaces a row of several words is one genre that may be several; elsewhere, what is left without
            -- the sign of the column, or of the row where the column has none, has no sign
            $$typed.genres is null or typed.genres !~ '[\^~+:]|\s[-–]\s' and case $$
            || $$when typed.genre_sign <> ' ' and replace(typed.genres, typed.genre_sign, '') !~ '[^A-Za-z-]' $$
            || $$then true $$
            || $$when ops.genre_sign(typed.genres) is null then typed.genre_sign is distinct from ' ' $$
            || $$or btrim(typed.genres) !~ '\s' or ops.genre(typed.genres) is null $$
            || $$when ops.genre_sign(typed.genres) = ' ' then coalesce(typed.genre_sign, ' ') = ' ' $$
            || $$else replace(typed.genres, coalesce(typed.genre_sign, ops.genre_sign(typed.genres)), '') $$
            || $$!~ ops.genre_signs() end$$,
            'one kind of sign separates the genres, and the same in all rows: |, comma, semicolon or slash'
        ),
        (
            'movies, imdb_title', 'escapes', 'warning', false,
            $$coalesce(typed.title, '') !~ '&(amp|quot|lt|gt|#[0-9]{1,5});|\\u[0-9a-fA-F]{4}'$$,
            'title has no escapes of HTML or JSON left in it, such as &amp;'
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
            'credits', 'released', 'reject', true,
            'typed.release_date_text is null or typed.release_year is not null',
            'released is empty or a date, or a year with or without a month'
        ),
        (
            'credits', 'aligned', 'reject', true,
            $$concat(typed.directors, '|', typed.actors, '|', typed.writers) !~ $$
            || $$'[0-9]{4}-[0-9]{2}|https?://|(^|[|]) *[0-9.]+ *([|]|$)' and $$
            || $$coalesce(typed.title, '') !~ '[|].*[|]'$$,
            'directors, actors and writers are names'
        ),
        (
            'credits', 'length', 'reject', false,
            'length(concat(typed.title, typed.directors, typed.actors, typed.writers)) <= 8000',
            'all names together have at most 8000 characters'
        ),
        (
            'credits', 'name_length', 'reject', false,
            $$coalesce((select max(length(name)) from regexp_split_to_table($$
            || $$concat_ws('|', typed.directors, typed.actors, typed.writers), '[|;]') as names (name)), 0) <= 200$$,
            'no name has more than 200 characters'
        ),
        ('credits', 'director', 'warning', false, 'typed.directors is not null', 'director names somebody'),
        (
            'credits', 'name_separators', 'warning', false,
            $$concat_ws('|', typed.directors, typed.actors, typed.writers) !~* ', *(?!(jr|sr|ii+|iv|esq)\M)[^ ,]'$$,
            'names are separated by | or semicolon, as a comma may belong to a name'
        ),
        ('imdb_title', 'title', 'reject', false, 'length(typed.title) <= 500', 'primary_title has 1 to 500 characters'),
        (
            'imdb_title', 'release_year', 'reject', true,
            'typed.release_year_text is null or ops.is_release_year(typed.release_year)',
            'start_year is empty or a year'
        ),
        (
            'imdb_title', 'runtime_minutes', 'reject', true,
            'typed.runtime_text is null or typed.runtime_minutes between 1 and 100000',
            'runtime_minutes is empty or from 1 to 100000'
        ),
        (
            'imdb_crew', 'people', 'reject', false,
            $$concat(typed.directors, ',', typed.writers) ~ '^(nm[0-9]{1,12}|,)*$'$$,
            'directors and writers are lists of nm ids'
        ),
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
            'imdb_rating', 'average_rating', 'reject', false,
            'typed.mean_rating between 1 and 10',
            'average_rating is a number from 1 to 10'
        ),
        (
            'imdb_rating', 'num_votes', 'reject', false,
            'typed.votes between 0 and 2147483647',
            'num_votes is a whole number'
        ),
        ('imdb_name', 'name', 'reject', false, 'length(typed.name) <= 300', 'primary_name has 1 to 300 characters'),
        (
            'movie_link', 'entity_id', 'reject', false,
            'length(typed.entity_id) <= 200',
            'entity_id has 1 to 200 characters'
        ),
        (
            'genome', 'relevances', 'reject', false,
            'cardinality(typed.tags) = cardinality(typed.relevances) and 0 <= all(typed.relevances) and '
            || '1 >= all(typed.relevances)',
            'each tag has a relevance from 0 to 1'
        ),
        (
            'genome', 'length', 'reject', false,
            '(select max(length(tag)) from unnest(typed.tags) as tags (tag)) <= 200',
            'no tag has more than 200 characters'
        ),
        ('graph', 'head_id', 'reject', false, 'length(typed.head_id) <= 200', 'head_id has 1 to 200 characters'),
        (
            'graph', 'relation_id', 'reject', false,
            'length(typed.relation_id) <= 200',
            'relation_id has 1 to 200 characters'
        ),
        ('graph', 'tail_id', 'reject', false, 'length(typed.tail_id) <= 200', 'tail_id has 1 to 200 characters'),
        (
            'user_profile', 'age', 'reject', true,
            'typed.age_text is null or typed.age between 1 and 120',
            'age is empty or from 1 to 120'
        ),
        (
            'user_profile', 'gender', 'reject', true,
            $$typed.gender is null or typed.gender ~ '^[[:alpha:] -]+$'$$,
            'gender is a word'
        ),
        (
            'user_profile', 'length', 'reject', false,
            'length(concat(typed.gender, typed.occupation, typed.postcode)) <= 500',
            'gender, occupation and zip_code have at most 500 characters together'
        ),
        (
            'user_profile', 'gender_known', 'warning', false,
            $$typed.gender is null or ops.gender(typed.gender) in ('F', 'M')$$,
            'gender is empty, F or M, or a word for one of these'
        ),
        (
            'ratings', 'rating', 'reject', false,
            'ops.is_on_scale(typed.rating) or typed.is_unrated',
            'rating is a number on the scale of its source, from 0.5 to 5 unless the source says otherwise'
        ),
        (
            'ratings', 'rated_at', 'reject', false,
            'ops.is_possible_time(typed.rated_at)',
            'rated_at is a time from the year 1990 to today: seconds or milliseconds since 1970, or ISO 8601'
        ),
        ('tags', 'tag', 'reject', false, 'length(typed.tag) <= 500', 'tag has 1 to 500 characters'),
        (
            'tags', 'tagged_at', 'reject', false,
            'ops.is_possible_time(typed.tagged_at)',
            'tagged_at is a time from the year 1990 to today: seconds or milliseconds since 1970, or ISO 8601'
        ),
        (
            'feedback_event', 'event_id', 'reject', false,
            'length(typed.event_id) <= 200',
            'event_id has 1 to 200 characters'
        ),
        (
            'feedback_event', 'repeated', 'reject', true,
            $$not coalesce(typed.extra -> 'repeated' ?| array['event_id', 'user_id', 'movie_id', 'kind', 'value', $$
            || $$'created_at'], false)$$,
            'no key has two values'
        ),
        (
            'feedback_event', 'kind', 'reject', false,
            $$typed.kind in ('view', 'click', 'like', 'dislike', 'dismiss', 'rating')$$,
            'kind is view, click, like, dislike, dismiss or rating'
        ),
        (
            'feedback_event', 'value', 'reject', false,
            $$case when typed.kind = 'rating' then ops.is_on_scale(typed.value) else $$
            || $$typed.value_text is null or typed.value = 0 or abs(typed.value) between 1e-30 and 1e30 end$$,
            'value is a number, from 0.5 to 5 for a rating'
        ),
        (
            'feedback_event', 'occurred_at', 'reject', false,
            'ops.is_possible_time(typed.occurred_at)',
            'created_at is a time from the year 1990 to today: seconds or milliseconds since 1970, or ISO 8601'
        )
    ),

    every_rule as (
        select
            table_names,
            rule,
            severity,
            is_waivable,
            predicate,
            sentence
        from written_rule
        union all
        select
            table_name as table_names,
            'encoding' as rule,
            'reject' as severity,
            true as is_waivable,
            $$typed.extra is null or not typed.extra ? 'encoding' or typed.extra ->> 'encoding' = 'invalid UTF-8' and $$
            || 'ops.is_latin(' || content || ')' as predicate,
            'text is UTF-8, or certainly Latin-1; a file in another encoding has to be saved as UTF-8' as sentence
        from decoded_text
        union all
        select
            table_name as table_names,
            'damaged' as rule,
            'reject' as severity,
            true as is_waivable,
            'ops.is_whole(' || content || ')' as predicate,
            'text is whole: no replacement characters, no NUL, no letters that were read in a wrong encoding'
                as sentence
        from whole_text
    )

    select
        named.table_name,
        every_rule.rule,
        every_rule.severity,
        every_rule.is_waivable,
        every_rule.predicate,
        every_rule.sentence
    from every_rule
    cross join typed_table
    cross join
        lateral string_to_table(
            case every_rule.table_names when '*' then typed_table.table_names else every_rule.table_names end, ', '
        ) as named (table_name)
) as rules
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
