-- Purpose: drop all but the live version, the last published ones, the last audited ones that were never published
-- (such as those of past nights, kept beside the live one), and what is newer than the live one and unfinished.
-- Grain: version. Key: version_id. Inputs: serving.version, serving.live. Parameters: keep_nights.
with complete_version as (
    select
        version_id,
        row_number() over (partition by status order by version_id desc) as recency_rank
    from serving.version
    where status in ('published', 'audited')
),

kept_version as (
    select version_id
    from complete_version
    where recency_rank <= %(keep_nights)s
    union
    select live.version_id
    from serving.live
    union
    select version.version_id
    from serving.version
    inner join serving.live on version.version_id > live.version_id
    where version.status in ('building', 'rejected')
)

delete from serving.version
where
    exists (select 1 from serving.live)
    and version.version_id not in (select kept_version.version_id from kept_version);
