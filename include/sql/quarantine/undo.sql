-- Purpose: the selected rows wait again. What was dismissed waits in every slice that brought the same line: the next
-- night would dismiss it anew otherwise.
-- Inputs: selected_row. Parameters: none.
delete from quarantine.decision
using selected_row
where decision.slice_id = selected_row.slice_id and decision.position = selected_row.position;

update quarantine.row as dismissed_row
set status = 'rejected', decided_by = null, decided_at = null
from selected_row
inner join quarantine.row as asked_row
    on selected_row.slice_id = asked_row.slice_id and selected_row.position = asked_row.position
where
    selected_row.status = 'dismissed'
    and dismissed_row.status = 'dismissed'
    and dismissed_row.source = asked_row.source
    and dismissed_row.table_name = asked_row.table_name
    and md5(dismissed_row.record::text) = md5(asked_row.record::text);
