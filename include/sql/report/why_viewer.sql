-- Purpose: what is known of a viewer, from the sources to the page.
-- Grain: one row. Key: user_id. Inputs: ops.why_viewer(). Parameters: user_id.
select
    user_id,
    is_known,
    has_group,
    ratings,
    last_rated_at,
    events,
    quarantined,
    quarantine_rules,
    version_id,
    delta_id,
    listed,
    following
from ops.why_viewer(%(user_id)s);
