"""
### Feedback: what viewers say counts within the hour

Runs hourly, and by hand whenever it is wanted at once. Costs as much as there is new feedback.

1. **read_incoming**, once per source: new events of the application's databases, feeds and event files are read ahead
   of the night, which reads them for itself again. What viewers say through `serving.give_feedback` is there already.
2. **open_delta** opens a delta of the live version; nobody sees it yet.
3. **write_delta** lets the champion that made the version rank anew for the viewers with new feedback, and for them
   alone. Nothing is learned; that is the night's work.
4. **audit_delta** checks the new lists as the audit of a version does: the expected number of distinct, unseen, known
   movies, ranks, scores, evidence.
5. **go_live** moves the pointer `serving.live`: readers see the earlier lists or the new ones.

Movies that a viewer has answered to are left out at once, without waiting for this.

#### When it stops
The earlier lists stay live; `serving.recommend` goes on leaving out what has been answered to.

* *read_incoming* is red: a source is down or breaks its contract, as its message says. The others go on.
* A delta that fails its audit is `rejected`, and the message says which check failed and how often. The next run writes
  a new one for the same viewers.
* **open_delta** is skipped: there is no live version yet, or one of a time before versions had a catalogue; the next
  publication brings one.

It can be repeated: a run that starts over writes the same lists. A night that is published meanwhile brings a delta of
its own, so that nothing said since its snapshot is lost; this run then leaves its delta unused.
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, TriggerRule, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from movierec_connections import open_connection, plain_errors, settings
from movierec_dag import DAG_DEFAULTS
from movierec_run import feedback_source

# Apart from the nights, which start at a full hour.
SCHEDULE = CronTriggerTimetable("20 * * * *", timezone="UTC")


@dag(
    **DAG_DEFAULTS | {"dagrun_timeout": timedelta(minutes=50)},
    description="New events into new lists for those who gave them, within the hour",
    doc_md=__doc__,
    schedule=SCHEDULE,
    tags=["movierec", "hourly"],
)
def movierec_feedback():
    @task
    def list_sources() -> list[str]:
        from movierec.sources.registry import feedback_sources

        with plain_errors():
            return feedback_sources(settings())

    @task(map_index_template="{{ source }}")
    def read_incoming(source: str) -> int:
        from movierec.ingestion.incoming_events import read_incoming

        get_current_context()["source"] = source
        with open_connection() as conn:
            return read_incoming(conn, source, feedback_source(source))

    @task(trigger_rule=TriggerRule.ALL_DONE)  # a source that fails stops nobody else
    def open_delta() -> int:
        from movierec.publishing.deltas import open_delta

        with open_connection() as conn:
            delta_id = open_delta(conn, get_current_context()["run_id"])
        if delta_id is None:
            raise AirflowSkipException("no version is live that a delta could be made of")
        return delta_id

    @task
    def write_delta(delta_id: int) -> int:
        from movierec.kernels.parallel import all_cores
        from movierec.publishing.deltas import write_delta

        with open_connection() as conn, all_cores():
            write_delta(conn, delta_id, settings())
        return delta_id

    @task
    def audit_delta(delta_id: int) -> int:
        from movierec.publishing.deltas import audit_delta

        with open_connection() as conn:
            audit_delta(conn, delta_id)
        return delta_id

    @task
    def go_live(delta_id: int) -> bool:
        from movierec.publishing.deltas import delta_go_live

        with open_connection() as conn:
            return delta_go_live(conn, delta_id)

    delta_id = open_delta()
    read_incoming.expand(source=list_sources()) >> delta_id
    go_live(audit_delta(write_delta(delta_id)))


movierec_feedback()
