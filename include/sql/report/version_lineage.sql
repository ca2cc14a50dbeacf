-- Purpose: what a version was made of.
-- Grain: one row. Key: version_id. Inputs: ops.version_lineage. Parameters: version_id.
select
    version_id,
    published_at,
    ranker,
    model,
    parameters,
    training_id,
    snapshot,
    batch_id,
    as_of,
    batches,
    sources,
    checks,
    failed_expectations,
    code_version,
    training_code_version,
    batch_code_version
from ops.version_lineage
where version_id = %(version_id)s;
