"""
### Rollback: a bad version is live

Run by hand. Readers see another version at once: the pointer moves to one that is kept, or a stored model is published
again. Nothing is deleted, and every move can be undone by another one.

**With an empty form** the run lists the kept versions and asks: open *Required Actions* of the run, look at the table,
say why, choose a version. Where more than three can be chosen, they are a list, and *Respond* sends the answer.
Unanswered for two hours, everything stays as it is.

1. **list_versions** lists the kept versions: their ranker, as of when they see the world, NDCG and coverage at 10 as
   their training measured them, *churn* (which share of the first ten movies of the live lists they do not show) and
   who took them back. The log has the same table.
2. **choose_way** goes on with what the form says, or asks.
3. **ask_version** waits for the answer.
4. **move_pointer** moves the pointer to the chosen version, with the feedback lists that it had; what was said since
   comes with the next hourly `movierec_feedback`. Who, when and why are in `ops.pointer_move`, written with the move.
5. **fill_in_form** and **publish_again** start `movierec_publish` with the training of the form instead: its champion,
   as it was published, writes a new version, which goes live after its audit although it shows an earlier night. Look
   there for how it ends.

#### The nights after
A ranker whose version was taken back does not come live again without a word. The next night by it is written, audited
and kept, but **go_live** of `movierec_publish` is red and says who took it back and why. Choose that version here and
the nights go live again; a champion by another ranker goes live as ever.

#### When it stops
The live version stays, and the task's message says why: the version is live already, unfinished or not kept any more
(the message names those that are), or there is no reason; clear **ask_version** to answer again. Where another
version has gone live while the question waited, the answer is refused: it was about lists that nobody sees any more.
Look at the new ones, then clear **list_versions**. A run can be repeated; it does not move to what is live.

`make rollback` lists the same from the command line, `make rollback ARGS="--to 11 --why 'too many sequels'"` moves.
"""

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import TriggerRule, dag, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from movierec.dag_ids import PUBLISH
from movierec_choice import Choice
from movierec_connections import open_connection, plain_errors
from movierec_dag import ANSWER_TIMEOUT, DAG_DEFAULTS, SERVING, TRIGGER_DEFAULTS, id_param, who_param, why_param
from movierec_run import person

QUESTION = """{{ ti.xcom_pull('list_versions')['table'] }}

Readers see the version that you choose at once, instead of the live one. Nothing is deleted, and another run moves the
pointer back. Without an answer within two hours everything stays as it is.

- **status**: *published* was live before, *audited* is complete and was never live
- **as of**: when the version saw the world (UTC)
- **ndcg**, **coverage**: of lists of 10, as its training measured its ranker; more is better
- **churn**: which share of the first ten movies of the live lists it does not show; 0 shows the same movies
- **taken back**: who went back from it before, and why
"""


@dag(
    **DAG_DEFAULTS,
    description="Move the pointer to a kept version, or publish a stored model again",
    doc_md=__doc__,
    schedule=None,
    tags=["movierec", "by hand"],
    params={
        "version": id_param("Version", "Which one shall be live. Empty: the run lists the kept versions and asks."),
        "training": id_param(
            "Training", "Instead of a version: the training whose champion is published again, as it was."
        ),
        "why": why_param("Needed with a version or a training; kept in ops.pointer_move."),
        "who": who_param("Who decides. Empty: who answers, or who triggered the run."),
    },
)
def movierec_rollback():
    @task
    def list_versions() -> dict[str, Any]:
        from movierec.publishing.rollback import log_kept_versions

        with open_connection() as conn:
            return log_kept_versions(conn)

    @task.branch
    def choose_way(listed: dict[str, Any]) -> str:
        from movierec.publishing.rollback import requested_way

        with plain_errors():
            way = requested_way(get_current_context()["params"], listed["choices"])
        return {"version": "move_pointer", "training": "fill_in_form", "ask": "ask_version"}[way]

    @task(outlets=[SERVING], trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
    def move_pointer(answer: dict[str, Any] | None, listed: dict[str, Any]) -> int:
        from movierec.publishing.rollback import move_from_form

        with open_connection() as conn:
            version_id = move_from_form(conn, get_current_context()["params"], answer, listed, person())
        if version_id is None:
            raise AirflowSkipException("left as it is; see ask_version")
        return version_id

    @task
    def fill_in_form() -> dict[str, Any]:
        params = get_current_context()["params"]
        return {"training": params["training"], "why": params["why"], "who": person()}

    listed = list_versions()
    way = choose_way(listed)
    ask_version = Choice(
        task_id="ask_version",
        listed_by="list_versions",
        subject="Which version shall be live?",
        body=QUESTION,
        # not "why": what the run's form says of a field of that name would be the answer
        params={"reason": why_param("Needed for an answer, and kept with the move in ops.pointer_move.")},
        response_timeout=ANSWER_TIMEOUT,
    )
    moved = move_pointer(ask_version.output, listed)
    form = fill_in_form()
    way >> [ask_version, moved, form]
    TriggerDagRunOperator(task_id="publish_again", trigger_dag_id=PUBLISH, conf=form, **TRIGGER_DEFAULTS)


movierec_rollback()
