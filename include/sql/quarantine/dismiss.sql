-- Purpose: leave the selected rows out for good, also when the same line comes again.
-- Grain: rejected row. Key: slice_id, position. Inputs: selected_row. Parameters: action, changes, is_complete
-- (unused), decided_by.
delete from quarantine.decision
using selected_row
where decision.slice_id = selected_row.slice_id and decision.position = selected_row.position;

update quarantine.row as rejected_row
set status = 'dismissed', decided_by = %(decided_by)s, decided_at = clock_timestamp()
from selected_row
where rejected_row.slice_id = selected_row.slice_id and rejected_row.position = selected_row.position;
