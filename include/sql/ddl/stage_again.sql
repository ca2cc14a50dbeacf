-- Slices that were staged by earlier rules and would be staged otherwise today: the next night stages them again.
-- Ids of IMDb that have eight digits were once cut to seven: slices with such ids are staged again.
update ops.slice
set staged_at = null
where
    table_name = 'links'
    and staged_at is not null
    and exists (
        select 1
        from staging.links
        inner join raw.links as written
            on links.slice_id = written.slice_id and links.position = written.position
        where links.slice_id = slice.slice_id and links.imdb_id <> ops.as_imdb_id(written.imdb_id)
    );

-- Words for what is missing (N/A, nan) were once taken as people and facts, or had a link or a profile rejected: slices
-- with such values are staged again where core shows them, since those of earlier nights alone would wait for ever.
update ops.slice
set staged_at = null
where
    staged_at is not null
    and slice_id in (
        select batch_slice.slice_id
        from ops.batch_slice
        inner join ops.shown_batch on batch_slice.batch_id = shown_batch.batch_id
        where shown_batch.schema_name = 'core'
    )
    and (
        table_name = 'credits' and exists (
            select 1
            from staging.credits as staged
            where
                staged.slice_id = slice.slice_id
                and num_nonnulls(staged.directors, staged.actors, staged.writers) > num_nonnulls(
                    ops.as_known(staged.directors), ops.as_known(staged.actors), ops.as_known(staged.writers)
                )
        )
        or table_name = 'user_profile' and exists (
            select 1
            from staging.user_profile as staged
            where
                staged.slice_id = slice.slice_id
                and (
                    num_nonnulls(staged.gender, staged.postcode)
                    > num_nonnulls(ops.as_known(staged.gender), ops.as_known(staged.postcode))
                    or ops.as_known(staged.occupation) is null and lower(staged.occupation) <> 'none'
                )
        )
        or table_name in ('links', 'user_profile', 'credits') and exists (
            select 1
            from quarantine.row as rejected_row
            cross join lateral jsonb_each_text(rejected_row.record) as field (name, value)
            where
                rejected_row.slice_id = slice.slice_id and rejected_row.status = 'rejected'
                and field.name in ('imdb_id', 'tmdb_id', 'age', 'gender', 'released')
                and ops.as_word(field.value) is not null and ops.as_known(field.value) is null
                and field.name = any(rejected_row.broken_rules)
        )
    );
