"""
### Ingest: tonight's rows, from the sources to `core`

1. **open_batch** brings the warehouse's structure up to date and opens a batch; every row of the night carries its id.
2. **extract** copies each source to `raw`, as text, with batch and position: `movielens` (files) and `app` (profiles
   and feedback events, over the Airflow connection `movierec_app`).
3. **stage** casts the rows and splits them by the rules in `ops.row_rule`: good ones to `staging`, the others, whole
   and with every reason, to `quarantine.row`.
4. **check_staging** is the first gate (Great Expectations): volume against earlier nights, reconciliation, schema.
5. **build_core** merges the batch into `core`; only rows that changed are touched.
6. **check_core** is the second gate: keys, references, ranges.
7. **accept_batch** releases the night to training (asset `movierec_core`) and prunes old batches.

#### When it stops
A gate that stops the night fails its task without retries; the log and `ops.quality_result` name the expectation and
what was seen, the Data Docs lie under `<MOVIEREC_HOME>/quality/data_docs`. Lists that are live stay live.

* *Rejected rows*: `select * from quarantine.row where batch_id = …`. Repair the source and run again.
* *"at least 75 % of its usual rows"*: part of a file is missing. If so few rows are right tonight, trigger again with
  **accept_volume_change**.
* *A column is missing*: the message names file, column, what was seen and what is required.

Clearing a task runs it again; it replaces what it wrote before.
"""

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable, Param, dag, get_current_context, task

from movierec_airflow import CORE, DAG_DEFAULTS, connected, conninfo, plain_errors, settings


@dag(
    **DAG_DEFAULTS,
    description="Sources to raw, staging, quarantine and core, through two gates",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("0 2 * * *", timezone="UTC"),
    tags=["movierec", "nightly"],
    params={
        "dataset": Param(
            None,
            type=["null", "string"],
            title="Dataset",
            description="Folder with *.inter, *.item and, where they exist, *.kg and *.link. Empty: MOVIEREC_DATASET.",
        ),
        "sources": Param(
            ["movielens", "app"],
            type="array",
            title="Sources",
            items={"type": "string", "enum": ["movielens", "app"]},
            examples=["movielens", "app"],
            minItems=1,
            uniqueItems=True,
            description="What to extract. A source that is left out brings no rows, which the volume check notices.",
        ),
        "accept_volume_change": Param(
            False,
            type="boolean",
            title="Accept volume change",
            description="Tonight's row counts may differ from the nights before.",
        ),
    },
)
def movierec_ingest():
    @task
    def open_batch() -> int:
        from movierec import batch, warehouse

        run_id, params = get_current_context()["run_id"], get_current_context()["params"]
        dataset = params["dataset"] or settings().dataset
        with plain_errors():
            warehouse.migrate(conninfo())
        with connected() as conn:
            return batch.open_batch(conn, run_id, dataset, params["accept_volume_change"])

    @task
    def list_sources() -> list[str]:
        return get_current_context()["params"]["sources"]

    @task(map_index_template="{{ source }}", execution_timeout=timedelta(hours=1))
    def extract(source: str, batch_id: int) -> dict[str, int]:
        from movierec.sources.registry import extract_source

        get_current_context()["source"] = source
        with connected() as conn:
            return extract_source(conn, batch_id, source, conninfo)

    @task
    def stage(batch_id: int) -> int:
        from movierec.stage import stage

        with connected() as conn:
            stage(conn, batch_id)
        return batch_id

    @task
    def check(gate: str, batch_id: int) -> int:
        from movierec import quality

        with connected() as conn:
            quality.check(conn, gate, batch_id, settings().home / "quality")
        return batch_id

    @task
    def build_core(batch_id: int) -> int:
        from movierec.core import build_core

        with connected() as conn:
            build_core(conn, batch_id)
        return batch_id

    @task(outlets=[CORE])
    def accept_batch(batch_id: int) -> int:
        from movierec.batch import accept_batch

        with connected() as conn:
            return accept_batch(conn, batch_id, settings().keep_nights)

    batch_id = open_batch()
    extracted = extract.partial(batch_id=batch_id).expand(source=list_sources())
    staged = stage(batch_id)
    checked = check.override(task_id="check_staging")("staging", staged)
    built = build_core(checked)
    accept_batch(check.override(task_id="check_core")("core", built))
    extracted >> staged


movierec_ingest()
