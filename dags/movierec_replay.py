"""
### Replay: rejected rows, looked at and brought back

Rows that break a rule wait in `quarantine.row`, whole and with every reason. Run by hand; the form says which rows and
what to do with them. `list` only shows them: run it first, then again with a decision.

1. **look** logs the chosen rows in groups (night, source, table, broken rules) and the first of them one by one. Each
   is named by slice and position, such as `17:4`; that is what **rows** takes.
2. **decide** notes what is to become of them, all in one transaction: *replay* (as they are, such as after rules or
   movies changed), *edit* (with the values in **changes**), *accept* (their broken rules waived), *dismiss* (left out
   for good) or *undo* (a waiting decision or a dismissal taken back).
3. **wants_night** goes on where rows are to come and **start_night** is ticked.
4. **start_night** triggers `movierec_ingest`, whose stage replays them. Left out, they come with the next night.

A replayed row arrives exactly once, however many nights follow and even where the same file brings the line again. A
row that is still wrong comes back to the quarantine as a row of its own; the first one is marked as replayed.

#### When it stops
Nothing has been decided then; the task's message says why.

* *"no row of the quarantine is there to …"*: the filters fit no row, or it has been replayed by now. *list* shows.
* *"accept may not waive …"*: nobody may waive that rule, such as a rating off its scale. *edit* the rows instead.
* *"… has no column …"*: the message names the columns. `extra` with no value drops what a ragged line left over.
* *"… rows are meant"*: more than **limit** allows. Narrow the choice, or raise it.

It can be repeated: a new decision replaces or adds to the one that waits. `make quarantine ARGS="list"` does the same
from the command line.
"""

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import Param, dag, get_current_context, task

from movierec.dag_ids import INGEST
from movierec.ingestion.quarantine_actions import ACTIONS, MAX_ROWS, STATUSES
from movierec_connections import open_connection
from movierec_dag import DAG_DEFAULTS, TRIGGER_DEFAULTS, id_param

MEANINGS = {
    "list": "only show the rows, in the log of look",
    "replay": "let them come again as they are",
    "edit": "the same, with the values in Changes",
    "accept": "the same, with their broken rules waived",
    "dismiss": "leave them out for good",
    "undo": "take back a decision that waits, or a dismissal",
}


def filter_param(title: str, description: str) -> Param:
    return Param(None, type=["null", "string"], title=title, description=description)


@dag(
    **DAG_DEFAULTS,
    description="List rejected rows; edit, accept or dismiss them and let them come again",
    doc_md=__doc__,
    schedule=None,
    tags=["movierec", "by hand"],
    params={
        "action": Param(
            "list",
            type="string",
            enum=["list", *ACTIONS],
            title="What to do",
            description="; ".join(f"{name}: {meaning}" for name, meaning in MEANINGS.items()),
        ),
        "table": filter_param("Table", "Rows of this table, such as ratings."),
        "source": filter_param("Source", "Rows of this source, such as movielens."),
        "rule": filter_param("Rule", "Rows that break this rule, such as movie_known."),
        "batch": id_param("Batch", "Rows that this batch loaded. Empty: what the newest night consists of."),
        "rows": Param(
            [],
            type="array",
            items={"type": "string", "pattern": "^[0-9]+:[0-9]+$"},
            title="Rows",
            description="Rows by slice and position, such as 17:4, one a line.",
        ),
        "status": Param(
            None,
            type=["null", "string"],
            enum=[None, *STATUSES],
            title="Status",
            description="Empty: what waits, decided about or not.",
        ),
        "changes": Param(
            {},
            type="object",
            title="Changes",
            description='For edit: columns and their new values, such as {"rating": 4}.',
        ),
        "limit": Param(
            MAX_ROWS,
            type="integer",
            minimum=1,
            maximum=1_000_000,
            title="Limit",
            description="To how many rows a decision may apply at most.",
        ),
        "who": filter_param("Who", "Who decides. Empty: who triggered the run."),
        "start_night": Param(
            True,
            type="boolean",
            title="Start a night",
            description="Run movierec_ingest afterwards, so that the rows arrive now.",
        ),
    },
)
def movierec_replay():
    @task
    def look() -> dict[str, int]:
        from movierec.ingestion.quarantine import log_overview
        from movierec.ingestion.quarantine_filters import Filters

        with open_connection() as conn:
            return log_overview(conn, Filters.from_form(get_current_context()["params"]))

    @task
    def decide() -> dict[str, int]:
        from movierec.ingestion.quarantine import decide_from_form

        context = get_current_context()
        with open_connection() as conn:
            return decide_from_form(conn, context["params"], context["dag_run"].triggering_user_name)

    @task.short_circuit
    def wants_night(decided: dict[str, int]) -> bool:
        params = get_current_context()["params"]
        return bool(decided) and params["start_night"] and ACTIONS[params["action"]].brings_rows

    start_night = TriggerDagRunOperator(task_id="start_night", trigger_dag_id=INGEST, **TRIGGER_DEFAULTS)

    decided = decide()
    look() >> decided
    wants_night(decided) >> start_night


movierec_replay()
