-- What is live, in one short text, for labels and caches.
create or replace function serving.etag(viewer bigint default null)
returns text
language plpgsql stable
security definer set search_path = pg_catalog, pg_temp
as $$
declare
    tag text;
begin
    select
        concat_ws(
            '-',
            live.version_id,
            coalesce(live.delta_id, 0),
            (
                select coalesce(hashtext(string_agg(placement::text, '' order by placement.placement_id)), 0)
                from serving.placement_now($1) as placement
            ),
            -- sums, since a transaction that began earlier may be committed later: the greatest number would stay
            (
                select coalesce(sum(viewer_event.changed_by::text::bigint), 0)
                from serving.viewer_event
                where viewer_event.user_id = $1
            ),
            (
                select coalesce(sum(incoming_event.changed_by::text::bigint), 0)
                from serving.incoming_event
                where incoming_event.user_id = $1
            )
        )
    into tag
    from serving.live;
    return tag;
end;
$$;
comment on function serving.etag is
'A text that differs as soon as readers may be shown something else: another version or delta, a placement that begins,
ends or is edited, feedback of the viewer, given here or read from elsewhere. Null before the first publication.';

create or replace function serving.shelves_etag(viewer bigint default null)
returns text
language sql stable
security definer set search_path = pg_catalog, pg_temp
as $$
    select serving.etag($1) || '-' || coalesce(hashtext(string_agg(shelf::text, '' order by shelf.shelf_id)), 0)
    from serving.shelf
$$;
comment on function serving.shelves_etag is
'A text that differs as soon as readers may be shown other shelves: where serving.etag() does, and where the table of
shelves is edited. Null before the first publication.';
