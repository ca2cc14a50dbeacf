-- Purpose: let the planner know of a delta that was written just now, before it is audited and read.
-- Grain: none, it writes no rows. Key: none. Inputs: serving.delta_viewer, .delta_recommendation. Parameters: none.
analyze serving.delta_viewer, serving.delta_recommendation;
