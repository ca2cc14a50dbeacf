-- Purpose: let the planner know of a version that was written just now, before it is audited, recorded and read: of
-- rows with a version_id that it has not seen it believes that there is one. Autovacuum comes within minutes, or later.
-- Grain: none, it writes no rows. Key: none. Inputs: the tables that versions are written to. Parameters: none.
analyze
serving.recommendation,
serving.candidate,
serving.similar_movie,
serving.fallback,
serving.catalogue,
serving.item_weight,
serving.shelf_entry,
serving.title_trigram;
