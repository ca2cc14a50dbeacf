-- What is done with the rows of one slice, the same for every table.
create or replace function ops.table_of_slice(integer) returns text
language sql stable
return (
    select slice.table_name from ops.slice
    where slice.slice_id = $1
);

-- Tables without which, or with much less of which, a night would be wrong; of the others the good rows are used.
create or replace function ops.is_required_table(of_table text) returns boolean
language sql immutable parallel safe
return of_table in ('ratings', 'movies', 'feedback_event');

-- Which sign separates genres is asked of the column, in which a row with another one stands out. Of two signs in a row
-- the first one counts. Replayed rows have that of where they came from.
create or replace procedure ops.settle_genre_sign(of_slice integer)
language plpgsql as $$
begin
    update ops.slice
    set genre_sign = (
        select signed.sign
        from (
            -- there are few different lists of genres
            select
                case when slice.has_spaced_genres then '|' else ops.genre_sign(ops.listed(movies.genres)) end as sign,
                count(*) as rows
            from raw.movies
            where movies.slice_id = of_slice
            group by movies.genres
        ) as signed
        where signed.sign is not null
        group by signed.sign
        order by sum(signed.rows) desc, signed.sign collate "C" desc
        limit 1
    )
    where slice.slice_id = of_slice and slice.table_name = 'movies' and slice.origin_slice_id is null;
end;
$$;
comment on procedure ops.settle_genre_sign is
'Note in ops.slice which sign separates the genres of most rows of a slice of movies.';

create or replace function ops.fill_staging(of_slice integer) returns bigint
language plpgsql as $$
declare
    of_table text := ops.table_of_slice(of_slice);
    columns_of_table text := (
        select string_agg(quote_ident(column_name), ', ' order by ordinal_position)
        from information_schema.columns
        where table_schema = 'staging' and table_name = of_table
    );
    copied bigint;
begin
    call ops.settle_genre_sign(of_slice);
    execute format('delete from staging.%I where slice_id = %s', of_table, of_slice);
    -- the slice as a constant: the planner knows whether it is all of the table or a few blocks of it
    execute format(
        'insert into staging.%1$I (%2$s) select %2$s from staging.%3$I where slice_id = %4$s and is_good%5$s',
        of_table, columns_of_table, of_table || '_checked', of_slice,
        case when of_table = 'ratings' then ' and not is_unrated' else '' end
    );
    get diagnostics copied = row_count;
    return copied + ops.fill_views(of_slice);
end;
$$;
comment on function ops.fill_staging is
'Copy the rows of a slice that no rule rejects from staging.<table>_checked into staging.<table>, anew; how many.';

-- Which ids stand in several rows of a slice that differ: of movies and what is known about them, and of profiles.
create or replace procedure ops.count_repeated_keys(of_slice integer)
language plpgsql as $$
declare
    of_table text := ops.table_of_slice(of_slice);
    key_column text := case
        when of_table in ('movies', 'links', 'credits', 'genome') then 'movie_id'
        when of_table = 'user_profile' then 'user_id'
    end;
begin
    delete from ops.repeated_key where slice_id = of_slice;
    if key_column is null then
        return;
    end if;
    execute format(
        $statement$
        insert into ops.repeated_key (slice_id, column_name, entities, rows)
        select %1$s, %2$L, count(*), sum(repeated.rows)
        from (
            select count(*) as rows
            from staging.%3$I as typed
            where slice_id = %1$s and not is_deleted
            group by %4$I
            having count(*) > 1 and count(distinct to_jsonb(typed) - 'position') > 1
        ) as repeated
        having count(*) > 0
        $statement$,
        of_slice, key_column, of_table, key_column
    );
end;
$$;
comment on procedure ops.count_repeated_keys is
'Note in ops.repeated_key which ids of a slice are described in several ways.';

-- Ratings that mean "seen, not rated" are views: they stand in staging.feedback_event under the slice of the ratings.
create or replace function ops.fill_views(of_slice integer) returns bigint
language plpgsql as $$
declare
    copied bigint;
begin
    if ops.table_of_slice(of_slice) <> 'ratings' then
        return 0;
    end if;
    delete from staging.feedback_event where slice_id = of_slice;
    if (select slice.unrated = '{}' from ops.slice where slice.slice_id = of_slice) then
        return 0;
    end if;
    insert into staging.feedback_event (
        slice_id, position, event_id, user_id, movie_id, kind, is_deleted, occurred_at
    )
    select
        slice_id,
        position,
        format('seen %s %s', user_id, movie_id) as event_id,
        user_id,
        movie_id,
        'view' as kind,
        is_deleted,
        rated_at as occurred_at
    from staging.ratings_checked
    where slice_id = of_slice and is_good and is_unrated;
    get diagnostics copied = row_count;
    return copied;
end;
$$;

-- Where nearly every row is good, the rules are applied again to the others alone. 64 positions are a number with a
-- bit for each, so that finding those that are missing takes neither a sort nor a join of all rows.
create or replace function ops.positions_not_staged(of_slice integer)
returns table (positions integer[], last_position integer)
language plpgsql stable as $$
begin
    return query execute format(
        $statement$
        with staged_block as materialized (
            select
                position >> 6 as number,
                bit_or(1::bigint << (position & 63)) as bits,
                max(position) as last_position
            from staging.%1$I
            where slice_id = %2$s
            group by position >> 6
        ),

        missing_position as (
            select groups.number * 64 + bits.number as position
            from generate_series(0, (select max(staged_block.number) from staged_block)) as groups (number)
            left join staged_block on groups.number = staged_block.number
            cross join generate_series(0, 63) as bits (number)
            where
                staged_block.bits is distinct from -1
                and (coalesce(staged_block.bits, 0) >> bits.number) & 1 = 0
            limit 100001
        )

        select
            case when count(*) <= 100000 then coalesce(array_agg(missing_position.position), '{}') end,
            (select coalesce(max(staged_block.last_position), 0) from staged_block)
        from missing_position
        $statement$,
        ops.table_of_slice(of_slice), of_slice
    );
end;
$$;
comment on function ops.positions_not_staged is
'Positions up to the last one in staging of which a slice has no row there (null: over 100,000), and that last one.';

-- The rules are read from the view of the table alone: planning staging.checked takes as long as planning all of them.
create or replace function ops.rows_to_reject(of_slice integer, of_positions integer[], last_position integer)
returns table (row_position integer, broken_rules text[], record jsonb)
language plpgsql stable as $$
begin
    return query execute format(
        $statement$
        select checked.position, checked.broken_rules, checked.record
        from staging.%1$I as checked
        where
            checked.slice_id = %2$s
            and ($1 is null or checked.position = any($1) or checked.position > $2)
            and not checked.is_good
        $statement$,
        ops.table_of_slice(of_slice) || '_checked', of_slice
    ) using of_positions, last_position;
end;
$$;
comment on function ops.rows_to_reject is
'Rows of a slice that break a rejecting rule, of those at some positions (null: at any) or behind the last one.';

create or replace function ops.warned_rows(of_slice integer)
returns table (rule text, row_position integer, record jsonb)
language plpgsql stable as $$
declare
    of_table text := ops.table_of_slice(of_slice);
begin
    if not exists (
        select from ops.row_rule
        where row_rule.table_name = of_table and row_rule.severity = 'warning'
    ) then
        return;
    end if;
    -- in this order: few rows break a rule that warns, and applying those that reject takes longer
    return query execute format(
        $statement$
        select warned.rule, checked.position, checked.record
        from staging.%1$I as checked
        cross join lateral unnest(checked.warned_rules) as warned (rule)
        where
            checked.slice_id = %2$s
            and case when cardinality(checked.warned_rules) > 0 then checked.is_good end
        $statement$,
        of_table || '_checked', of_slice
    );
end;
$$;
comment on function ops.warned_rows is 'Good rows of a slice that break a rule that warns, once for each such rule.';

create or replace function ops.layer_rows(of_slice integer)
returns table (raw_rows bigint, staging_rows bigint, quarantine_rows bigint)
language plpgsql stable as $$
begin
    return query execute format(
        'select (select count(*) from raw.%1$I where slice_id = $1), '
        '(select count(*) from staging.%1$I where slice_id = $1)'
        '+ (select count(*) from staging.feedback_event where slice_id = $1 and %1$L = ''ratings''), '
        '(select count(*) from quarantine.row where slice_id = $1)',
        ops.table_of_slice(of_slice)
    ) using of_slice;
end;
$$;
comment on function ops.layer_rows is 'Rows of a slice per layer, counted afresh.';

create or replace procedure ops.mark_staged(of_slice integer)
language plpgsql as $$
declare
    of_table text := ops.table_of_slice(of_slice);
    time_column text := (
        select columns.column_name
        from information_schema.columns
        where
            columns.table_schema = 'staging'
            and columns.table_name = of_table
            and columns.column_name in ('rated_at', 'tagged_at', 'occurred_at')
    );
    latest timestamptz;
    copied bigint;
begin
    execute format(
        'select count(*), %1$s from staging.%2$I where slice_id = %3$s',
        case when time_column is null then 'null' else format('max(%I)', time_column) end, of_table, of_slice
    ) into copied, latest;
    update ops.slice
    set
        staging_rows = copied + (
            select count(*) from staging.feedback_event
            where feedback_event.slice_id = of_slice and of_table = 'ratings'
        ),
        quarantine_rows = (
            select count(*) from quarantine.row as rejected_row
            where rejected_row.slice_id = of_slice
        ),
        last_at = latest,
        staged_at = clock_timestamp()
    where slice.slice_id = of_slice;
end;
$$;
comment on procedure ops.mark_staged is
'Note what became of the rows of a slice, and when the latest of its facts happened.';

-- The value that a rule is about, where the rule bears the name of a column that is not about a person.
create or replace function ops.example_value(of_table text, rule text, record jsonb) returns text
language sql immutable
return case
    when of_table = 'user_profile' or rule = 'tag' then null
    -- no name, no address and no telephone number
    when rule = 'user_id' and record ->> 'user_id' ~ '^\s*[0-9]{16,}\s*$'
        then format('a number of %s digits', length(btrim(record ->> 'user_id')))
    when rule = 'user_id'
        then substring(record ->> 'user_id' from '^\s*([+-]?[0-9]{1,9}([.,][0-9]+)?([eE][+-]?[0-9]{1,3})?)\s*$')
    when rule = 'name_separators' then left(concat_ws('|', record ->> 'director', record ->> 'actors'), 60)
    else
        left(
            record ->> case rule
                when 'movie_known' then 'movie_id'
                when 'occurred_at' then 'created_at'
                when 'genre_separators' then 'genres'
                else rule
            end,
            60
        )
end;

-- Dates that end in the year: of every row the two numbers in front of it. Which of them is the day, the module
-- movierec.date_order says. The first rows of a slice are sought by its blocks: a plan for a thousand rows reads
-- through all earlier slices.
create or replace function ops.ordered_dates(of_batch bigint, of_source text)
returns table (slice_id integer, first_number integer, second_number integer, example text)
language plpgsql stable
set enable_seqscan = off
as $$
declare
    loaded record;
    has_dates boolean;
begin
    for loaded in
        select
            new_slice.slice_id,
            new_slice.table_name,
            case new_slice.table_name
                when 'movies' then 'release_date'
                when 'credits' then 'released'
                when 'ratings' then 'rated_at'
                when 'tags' then 'tagged_at'
                when 'feedback_event' then 'created_at'
            end as date_column
        from ops.batch_slice
        inner join ops.slice as new_slice on batch_slice.slice_id = new_slice.slice_id
        where
            batch_slice.batch_id = of_batch and new_slice.source = of_source and new_slice.batch_id = of_batch
            and new_slice.table_name in ('movies', 'credits', 'ratings', 'tags', 'feedback_event')
    loop
        execute format(
            'select coalesce(bool_or(ops.is_ordered_date(first_row.value)), false) '
            'from (select %2$I as value from raw.%1$I where slice_id = $1 limit 1000) as first_row',
            loaded.table_name, loaded.date_column
        ) into has_dates using loaded.slice_id;
        if has_dates then
            return query execute format(
                $statement$
                with ordered_date as (
                    select
                        position,
                        %2$I as value,
                        regexp_match(%2$I, '^ *([0-9]+).([0-9]+).') as numbers
                    from raw.%1$I
                    where slice_id = $1 and ops.is_ordered_date(%2$I)
                )

                select
                    $1 as slice_id,
                    max(numbers[1]::integer) as first_number,
                    max(numbers[2]::integer) as second_number,
                    btrim((
                        array_agg(value order by greatest(numbers[1]::integer, numbers[2]::integer) desc, position)
                    )[1]) as example
                from ordered_date
                $statement$,
                loaded.table_name, loaded.date_column
            ) using loaded.slice_id;
        end if;
    end loop;
end;
$$;
comment on function ops.ordered_dates is
'The largest numbers in front of the year in dates that end in it, of the slices that a batch loaded. Grain: slice.';

-- Of the smaller part some 50,000 rows are looked at, all of their viewers; of the larger one some 500,000.
create or replace function ops.shared_ratings(of_batch bigint, of_source text)
returns table (
    smaller_piece text,
    larger_piece text,
    looked_at bigint,
    shared_pairs bigint,
    conflicts bigint,
    users bigint,
    shared_users bigint,
    is_chronological boolean,
    fraction double precision
)
language plpgsql as $$
declare
    pair record;
begin
    for pair in
        with piece as (
            select
                slice.slice_id,
                slice.piece,
                slice.raw_rows,
                slice.batch_id = of_batch as is_new,
                slice.date_order
            from ops.batch_slice
            inner join ops.slice on batch_slice.slice_id = slice.slice_id
            where
                batch_slice.batch_id = of_batch and slice.source = of_source and slice.table_name = 'ratings'
                and slice.mode = 'whole' and slice.raw_rows > 0
        )

        select
            smaller.slice_id as smaller_id,
            larger.slice_id as larger_id,
            smaller.piece as smaller_name,
            larger.piece as larger_name,
            smaller.date_order as smaller_order,
            larger.date_order as larger_order,
            1 + smaller.raw_rows / 50000 as step,
            greatest(100 * least(1, 500000.0 / larger.raw_rows), 0.01) as percentage
        from piece as smaller
        inner join piece as larger
            on (smaller.raw_rows, smaller.slice_id) < (larger.raw_rows, larger.slice_id)
        where smaller.is_new or larger.is_new
        order by smaller.slice_id, larger.slice_id
        limit 50
    loop
        return query execute format(
            $statement$
            with rating_of_smaller as materialized (
                select ops.id_text(user_id) as user_id, ops.id_text(movie_id) as movie_id, rating, rated_at
                from raw.ratings
                where slice_id = %1$s and abs(hashtext(user_id)) %% %3$s = 0 and not is_deleted
            ),

            rating_of_larger as materialized (
                select ops.id_text(user_id) as user_id, ops.id_text(movie_id) as movie_id, rating, rated_at
                from raw.ratings %4$s
                where
                    slice_id = %2$s and not is_deleted
                    and ops.id_text(user_id) in (select rating_of_smaller.user_id from rating_of_smaller)
            ),

            shared_rating as materialized (
                select
                    ops.as_number(rating_of_smaller.rating) is distinct from ops.as_number(rating_of_larger.rating)
                        as is_conflict,
                    ops.as_time(rating_of_smaller.rated_at, %7$L) as smaller_at,
                    ops.as_time(rating_of_larger.rated_at, %8$L) as larger_at
                from rating_of_smaller
                inner join rating_of_larger
                    on
                        rating_of_smaller.user_id = rating_of_larger.user_id
                        and rating_of_smaller.movie_id = rating_of_larger.movie_id
            )

            select
                %5$L::text,
                %6$L::text,
                (select count(*) from rating_of_smaller),
                (select count(*) from shared_rating),
                (select count(*) from shared_rating where is_conflict),
                (select count(distinct user_id) from rating_of_smaller),
                (select count(distinct user_id) from rating_of_larger),
                (
                    select bool_and(smaller_at > larger_at) or bool_and(smaller_at < larger_at)
                    from shared_rating where is_conflict
                ),
                %9$s::double precision / 100
            $statement$,
            pair.smaller_id, pair.larger_id, pair.step,
            case when pair.percentage < 100 then format('tablesample system (%s)', round(pair.percentage, 4)) else '' end,
            pair.smaller_name, pair.larger_name, pair.smaller_order, pair.larger_order, pair.percentage
        );
    end loop;
end;
$$;
comment on function ops.shared_ratings is 'What parts of a source''s ratings share. Grain: pair of pieces.';
