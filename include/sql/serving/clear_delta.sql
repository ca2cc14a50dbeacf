-- Purpose: make room for the lists of a delta.
-- Grain: delta and viewer. Key: delta_id, user_id. Inputs: serving.delta_viewer, serving.delta_recommendation.
-- Parameters: delta_id.
with cleared_list as (
    delete from serving.delta_recommendation
    where delta_id = %(delta_id)s
)

delete from serving.delta_viewer
where delta_id = %(delta_id)s;
