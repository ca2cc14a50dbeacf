-- Purpose: what readers are shown, in one number: the same lists have the same digest, in whatever order rows lie.
-- Grain: one row. Key: version_id. Inputs: serving.live, serving.live_recommendation, serving.live_similar_movie,
-- serving.live_fallback. Parameters: none.
select
    (select live.version_id from serving.live) as version_id,
    (
        select jsonb_build_array(count(*), coalesce(sum(hashtextextended(entry::text, 0)), 0)::text)
        from serving.live_recommendation as entry
    ) as lists,
    (
        select jsonb_build_array(count(*), coalesce(sum(hashtextextended(entry::text, 0)), 0)::text)
        from serving.live_similar_movie as entry
    ) as similar_movies,
    (
        select jsonb_build_array(count(*), coalesce(sum(hashtextextended(entry::text, 0)), 0)::text)
        from serving.live_fallback as entry
    ) as fallback;
