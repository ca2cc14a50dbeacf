-- Purpose: drop all but the last versions; the live one always stays.
-- Parameters: keep_nights.
delete from serving.version
where
    version.version_id not in (
        select recent.version_id
        from serving.version as recent
        order by recent.version_id desc
        limit %(keep_nights)s
    )
    and version.version_id not in (select live.version_id from serving.live);
