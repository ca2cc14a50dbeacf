-- Purpose: the chosen rows wait again. What was dismissed waits in every slice that brought the same line: the next
-- night would dismiss it anew otherwise.
-- Inputs: chosen. Parameters: none.
delete from quarantine.decision
using chosen
where decision.slice_id = chosen.slice_id and decision.position = chosen.position;

update quarantine.row as dismissed
set status = 'rejected', decided_by = null, decided_at = null
from chosen
inner join quarantine.row as asked
    on chosen.slice_id = asked.slice_id and chosen.position = asked.position
where
    chosen.state = 'dismissed'
    and dismissed.status = 'dismissed'
    and dismissed.source = asked.source
    and dismissed.table_name = asked.table_name
    and md5(dismissed.record::text) = md5(asked.record::text);
