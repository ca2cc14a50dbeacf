-- Purpose: the selected rows wait again. What was dismissed waits in every slice that brought the same line: the next
-- batch would dismiss it anew otherwise.
-- Grain: rejected row. Key: slice_id, position. Inputs: selected_row. Parameters: none.
delete from quarantine.decision
using selected_row
where decision.slice_id = selected_row.slice_id and decision.position = selected_row.position;

update quarantine.row as dismissed_row
set status = 'rejected', decided_by = null, decided_at = null
from selected_row
inner join quarantine.row as selected_content
    on selected_row.slice_id = selected_content.slice_id and selected_row.position = selected_content.position
where
    selected_row.status = 'dismissed'
    and dismissed_row.status = 'dismissed'
    and dismissed_row.source = selected_content.source
    and dismissed_row.table_name = selected_content.table_name
    and md5(dismissed_row.record::text) = md5(selected_content.record::text);
