-- Purpose: leave the chosen rows out for good, also when the same line comes again.
-- Inputs: chosen. Parameters: action, changes, is_complete (unused), decided_by.
delete from quarantine.decision
using chosen
where decision.slice_id = chosen.slice_id and decision.position = chosen.position;

update quarantine.row as rejected
set status = 'dismissed', decided_by = %(decided_by)s, decided_at = clock_timestamp()
from chosen
where rejected.slice_id = chosen.slice_id and rejected.position = chosen.position;
