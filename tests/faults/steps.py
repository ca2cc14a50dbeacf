"""The steps of a night for a process of its own, as Airflow's tasks take them."""

import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from movierec.db import Connection, connect
from movierec.errors import MovierecError
from movierec.ingestion.batch import accept_batch, open_batch
from movierec.ingestion.core import build_core
from movierec.ingestion.extract import extract
from movierec.ingestion.stage import stage
from movierec.sources.registry import SOURCES
from movierec.sources.source import Origin
from tests.night import endpoint

FAILED, RETRIED = 1, 75
NAMES = ("extract", "stage", "core", "accept")


def steps(app: str, folder: Path) -> dict[str, Callable[[Connection, int], object]]:
    """Return what each step does to a batch."""
    origin = Origin(str(folder), folder / "cache", {}, {"app": "movierec_app"}, lambda _: endpoint(app))

    def every_source(conn: Connection, batch_id: int) -> None:
        for source in ("movielens", "app"):
            extract(conn, batch_id, source, SOURCES.create(source, origin))

    return {
        "extract": every_source,
        "stage": stage,
        "core": build_core,
        "accept": lambda conn, batch_id: accept_batch(conn, batch_id, keep_nights=14),
    }


def take(warehouse: str, app: str, folder: str | Path, run_id: str, as_of: str, names: str = ",".join(NAMES)) -> None:
    """Take some steps of a night; the exit code says whether a failure may be tried again."""
    try:
        with connect(warehouse) as conn:
            batch_id = open_batch(conn, run_id, str(folder), datetime.fromisoformat(as_of))
            for name in names.split(","):
                steps(app, Path(folder))[name](conn, batch_id)
    except MovierecError:
        traceback.print_exc()
        sys.exit(FAILED)
    except Exception:
        traceback.print_exc()
        sys.exit(RETRIED)
