"""Record a night (`ops.night`, one row) and say what of it is out of the bounds that the nights before set."""

import logging
from typing import Any, NamedTuple

from movierec.dag_ids import INGEST, PUBLISH, TRAIN
from movierec.db import Connection, fetch, run_sql
from movierec.evaluation.protocols import CUTOFF
from movierec.ingestion.core import core_as_of
from movierec.quality import sentences

log = logging.getLogger(__name__)

DAG_PARAMETERS = {"ingest_dag": INGEST, "train_dag": TRAIN, "publish_dag": PUBLISH}
WHOLE_FROM = 100  # from here on numbers of a sentence have no decimals


class NightReport(NamedTuple):
    """What a run has to say at its end, in sentences: all that is to be known, and what of it is unusual."""

    sentences: list[str]
    unusual: list[str]


def record_stage(conn: Connection, stage: dict[str, Any]) -> None:
    """Note when a task ran and the memory it took; a run without a batch, or before it has one, notes nothing.

    Args:
        conn: the warehouse.
        stage: `dag_id`, `run_id`, `task_id`, `map_index`, `started_at`, `ended_at`, `peak_memory_mb`.
    """
    run_sql(conn, "night/night_stage", stage)
    conn.commit()


def record_night(conn: Connection, dag_id: str, run_id: str) -> NightReport:
    """Write what is known of the night after a run, warn of what is unusual in what the run measured, and return both.

    It may be repeated; a run without a batch has nothing to record.
    """
    runs = fetch(conn, "night/run", {"dag_id": dag_id, "run_id": run_id, "publish_dag": PUBLISH})
    if not runs:
        return NightReport([], [])
    (run,) = runs
    key = {"batch_id": run["batch_id"]}
    _measure_shares(conn, dag_id, run)
    run_sql(conn, "night/night", {**key, "k": CUTOFF, **DAG_PARAMETERS})
    conn.commit()
    out_of_bounds = unusual_measures(conn, run["batch_id"], dag_id)
    for sentence in out_of_bounds:
        log.warning("unusual: %s", sentence)
    log.info("night of batch %d: recorded, %d measures out of bounds", run["batch_id"], len(out_of_bounds))
    about_batch = sentences.batch_sentences(conn, run["batch_id"]) if dag_id == INGEST else []
    return NightReport([*about_batch, *out_of_bounds], out_of_bounds)


def unusual_measures(conn: Connection, batch_id: int, dag_id: str | None = None) -> list[str]:
    """Return a sentence for each measure of a night that is out of its bounds; those of one DAG, or of all."""
    return [_sentence(row) for row in fetch(conn, "report/unusual", {"batch_id": batch_id, "dag_id": dag_id})]


def _measure_shares(conn: Connection, dag_id: str, run: dict[str, Any]) -> None:
    """Measure how facts and lists are distributed, where the run has brought some."""
    key = {"batch_id": run["batch_id"]}
    if dag_id == INGEST and run["status"] == "accepted":
        with core_as_of(conn, run["batch_id"]):
            run_sql(conn, "night/night_share_of_inputs", key)
            conn.commit()
    if dag_id == PUBLISH and run["version_id"] is not None:
        run_sql(conn, "night/night_share_of_lists", {**key, "version_id": run["version_id"], "k": CUTOFF})


def _sentence(row: dict[str, Any]) -> str:
    sides = (("at least", row["lower"]), ("at most", row["upper"]))
    allowed = " and ".join(f"{word} {_number(bound)}" for word, bound in sides if bound is not None)
    usual = f"usual is {_number(row['usual'])} ({row['nights']} nights), " if row["nights"] else ""
    return f"{row['sentence']} is {_number(row['value'])}; {usual}allowed is {allowed}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= WHOLE_FROM else f"{value:.3g}"
