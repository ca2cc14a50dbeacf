"""
### Ingest: tonight's rows, from the sources to `core`

1. **open_batch** brings the warehouse's structure up to date and opens a batch: one night, as of one moment.
2. **extract** copies each source to `raw`, as text: rating files, databases and feeds over Airflow connections, events,
   credits. What was loaded before is not loaded again. **extract_late** does the same for sources that follow from
   these, such as IMDb's files, which are cut to the known movies.
3. **check_raw** is the first gate (Great Expectations): volume against earlier nights, freshness, schema.
4. **stage** casts the rows and splits them by the rules in `ops.row_rule`: good ones to `staging`, the others, whole
   and with every reason, to `quarantine.row`. Rows that somebody decided to replay come in here.
5. **check_staging** is the second gate: every row accounted for, no rule broken, not too many rejects.
6. **build_core** conforms the facts; only what differs from the night before is touched.
7. **check_core** is the third gate: keys, references, ranges, distributions. If it stops the night, core goes back to
   the last good one.
8. **accept_batch** releases the night to training (asset `movierec_core`) and prunes what no kept night needs.
9. **record_night**, whatever happened before, writes what is known of the night to `ops.night`; what is unusual
   compared with the nights before becomes a warning, a notice and, beside the warnings of the gates, the note of the
   run.

#### When a source fails
Its *extract* task is red and says why: file, column, what was seen and what is allowed. The other sources go on; the
night uses what the failed one brought last, and check_raw decides whether that will do. Repair the source and clear the
task, or wait for the next night. A source that no setting names any more leaves the night, which its note says.

#### When it stops
A gate that stops the night fails its task without retries and marks the batch as refused; the log and
`ops.quality_result` name the expectation and what was seen, the Data Docs lie under
`<MOVIEREC_HOME>/quality/data_docs`. Lists that are live stay live. Once the cause is gone, clear the task.

* *Rejected rows*: `movierec_replay` lists, edits, accepts and replays them.
* *Fewer rows than usual*: part of a source is missing. If so few are right, trigger with **accept_volume_change**.

#### Past nights
`airflow backfill create --dag-id movierec_ingest --from-date … --to-date …` runs the nights between; each sees what had
been rated, tagged and done by its moment. In whatever order they run, core ends up showing the newest. No past night
starts a training unless **train** is ticked (`--dag-run-conf '{"train": true}'`).
**as_of** does the same for one night.

Clearing a task runs it again; it replaces what it wrote before.
"""

from datetime import timedelta

from airflow.sdk import Param, TriggerRule, dag, get_current_context, task

from movierec.promotion.approvals import APPROVALS
from movierec_connections import conninfo, open_connection, plain_errors, settings
from movierec_dag import CORE, NIGHT_DEFAULTS, NIGHTLY, NOTHING_SECRET, foldable_group
from movierec_nights import record_night
from movierec_reports import QualityLink, with_button
from movierec_run import origin, requested_dataset, run_as_of

# A source that fails, or is left out, stops nobody else.
DESPITE_FAILURES = TriggerRule.ALL_DONE


@dag(
    **NIGHT_DEFAULTS,
    description="Sources to raw, staging, quarantine and core, through three gates",
    doc_md=__doc__,
    schedule=NIGHTLY,
    tags=["movierec", "nightly"],
    params={
        "dataset": Param(
            None,
            type=["null", "string"],
            title="Dataset",
            description="Folder, zip, file or URL of the rating files. Empty: MOVIEREC_DATASET, where a URL with a "
            "login or a query has to stand: Airflow shows what a form was filled in with.",
            **NOTHING_SECRET,
        ),
        "sources": Param(
            None,
            type=["null", "array"],
            title="Sources",
            items={"type": "string"},
            examples=["movielens", "app", "credits", "imdb", "events"],
            description="What to read; the others stand with what they brought last. Empty: every configured source.",
        ),
        "as_of": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="As of",
            description="As of when the night sees the world. Empty: that of the run's schedule.",
        ),
        "full": Param(
            False,
            type="boolean",
            title="Full",
            description="Read databases from the start, apply the rules to every row again, rebuild core.",
        ),
        "accept_volume_change": Param(
            False,
            type="boolean",
            title="Accept volume change",
            description="Tonight's counts and distributions may differ from the nights before.",
        ),
        "train": Param(
            False,
            type="boolean",
            title="Train",
            description="Train on this night even if it is a past one, as a backfill brings.",
        ),
        "approval": Param(
            None,
            type=["null", "string"],
            enum=[None, *APPROVALS],
            title="Approval",
            description="When a person is asked before the champion changes. Empty: as the training's form says.",
        ),
    },
)
def movierec_ingest():  # noqa: PLR0915 (a table of contents, a few lines a task)
    @task
    def open_batch() -> int:
        from movierec import warehouse
        from movierec.ingestion import batch
        from movierec.sources.registry import configured_sources, selected_sources

        run_id, params = get_current_context()["run_id"], get_current_context()["params"]
        choices = {"accept_volume_change": params["accept_volume_change"], "is_full": params["full"]}
        with plain_errors():
            selected_sources(settings(), params["sources"])
            warehouse.migrate(conninfo())
        with open_connection() as conn:
            named = configured_sources(settings())
            return batch.open_batch(conn, run_id, requested_dataset(), run_as_of(), sources=named, **choices)

    @task
    def list_sources(late: bool) -> list[str]:
        from movierec.sources.registry import LATE_SOURCES, selected_sources

        with plain_errors():
            requested = get_current_context()["params"]["sources"]
            return [name for name in selected_sources(settings(), requested) if (name in LATE_SOURCES) == late]

    @task(map_index_template="{{ source }}", execution_timeout=timedelta(hours=2))
    def extract(source: str, batch_id: int) -> dict[str, int]:
        from movierec.ingestion.extract import extract_source

        get_current_context()["source"] = source
        with open_connection() as conn:
            return extract_source(conn, batch_id, source, origin)

    @task
    def stage(batch_id: int) -> int:
        from movierec.ingestion.stage import stage

        with open_connection() as conn:
            stage(conn, batch_id)
        return batch_id

    @task
    def check(gate: str, batch_id: int) -> int:
        from movierec.quality.gate import check as check_layer

        with open_connection() as conn:
            check_layer(conn, gate, batch_id, settings().state_folder.quality)
        return batch_id

    @task
    def build_core(batch_id: int) -> int:
        from movierec.ingestion.core import build_core

        with open_connection() as conn:
            build_core(conn, batch_id)
        return batch_id

    @task(outlets=[CORE])
    def accept_batch(batch_id: int) -> None:
        from movierec.forgetting.forget import forget_in_later_artifacts
        from movierec.ingestion import batch
        from movierec.monitoring.events import batch_event
        from movierec.quality.docs import prune

        with open_connection() as conn:
            forget_in_later_artifacts(conn, settings())
            batch.accept_batch(conn, batch_id, settings().keep_nights)
            accepted = batch_event(conn, batch_id)
        prune(settings().state_folder.quality, settings().keep_nights)
        context = get_current_context()
        choices = {name: context["params"][name] for name in ("approval", "train")}
        context["outlet_events"][CORE].extra = accepted | choices

    batch_id = open_batch()
    with foldable_group("sources", "Every source to raw"):
        early = extract.partial(batch_id=batch_id).expand(source=list_sources(late=False))
        late_sources = list_sources.override(task_id="list_late_sources")(late=True)
        extract_late = extract.override(task_id="extract_late", trigger_rule=DESPITE_FAILURES)
        late = extract_late.partial(batch_id=batch_id).expand(source=late_sources)
        batch_id >> late_sources
        early >> late
    with foldable_group("layers", "From raw to core, through three gates"):
        raw = check.override(task_id="check_raw", trigger_rule=DESPITE_FAILURES)("raw", batch_id)
        late >> raw
        staged = check.override(task_id="check_staging")("staging", stage(raw))
        core = check.override(task_id="check_core")("core", build_core(staged))
        for gate in (raw, staged, core):
            with_button(gate, QualityLink())
    accept_batch(core) >> record_night().as_teardown()


movierec_ingest()
