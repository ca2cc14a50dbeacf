"""The datasets that quality is measured on, taken through the warehouse as every night is."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
from upath import UPath

from movierec.bench.origin import origin_of_files
from movierec.bench.server import database, server
from movierec.config import ROOT, Settings
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import FACTS, Dataset
from movierec.data.source_order import in_source_order
from movierec.db import connect, fetch_frame
from movierec.errors import SourceError
from movierec.ingestion.batch import accept_batch, open_batch
from movierec.ingestion.core import build_core
from movierec.ingestion.extract import extract
from movierec.ingestion.stage import stage
from movierec.local.download import fetch_dataset
from movierec.sources.registry import SOURCES
from movierec.training.folder import TrainingFolder
from movierec.training.snapshot import open_training, take_snapshot

SHARED = ROOT.parent / "shared" / "data"
KEEP_NIGHTS = 14


def ml_100k(home: Path) -> Dataset:
    """Return MovieLens 100K, fetched and verified where it is not here yet.

    Raises:
        SourceError: it cannot be fetched, or is not the published one.
    """
    return through_warehouse(fetch_dataset(replace(Settings.from_env(), dataset="ml-100k")), {}, home)


def ml_latest_small(home: Path) -> Dataset:
    """Return MovieLens ml-latest-small (2018) with credits from beside the project.

    Raises:
        SourceError: it is not there.
    """
    credits = _beside("movie-credits", "movies.csv")
    return through_warehouse(_beside("ml-latest-small"), {"credits": str(credits)}, home)


def ml_1m(home: Path) -> Dataset:
    """Return MovieLens 1M (2003) from beside the project.

    Raises:
        SourceError: it is not there.
    """
    return through_warehouse(_beside("ml-1m"), {}, home)


def ml_1m_in_source_order(home: Path) -> Dataset:
    """Return MovieLens 1M whose ratings of one second are told apart as its file has them.

    Raises:
        SourceError: it is not there.
    """
    dataset = ml_1m(home)
    order = pd.read_parquet(_source_order(TrainingFolder(0, UPath(home))))
    return dataset.with_ratings(in_source_order(order.merge(dataset.ratings, on=[USER, MOVIE], validate="1:1")))


def _beside(*names: str) -> Path:
    path = SHARED.joinpath(*names)
    if not path.exists():
        raise SourceError(f"{path} is missing; this dataset is read from there")
    return path


DATASETS: dict[str, Callable[[Path], Dataset]] = {
    "ml-100k": ml_100k,
    "ml-latest-small": ml_latest_small,
    "ml-1m": ml_1m,
    "ml-1m-in-source-order": ml_1m_in_source_order,
}


def through_warehouse(folder: Path, locations: dict[str, str], home: Path) -> Dataset:
    """Take a folder through a night in a server of its own, and return what a training sees.

    Args:
        folder: of MovieLens files.
        locations: where the files of other sources are, by source.
        home: keeps the snapshot, so that another call reads it from there.
    """
    training = TrainingFolder(0, UPath(home))
    if not (training.snapshot / FACTS).exists():
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o755)  # under root, the server runs as another user and must get through
        with server(home / "server") as settings, database(settings, "quality") as warehouse:
            _take_snapshot(warehouse, folder, locations, training)
    return Dataset.load(training.snapshot)


def _source_order(training: TrainingFolder) -> Path:
    """Return where it stands who rated what, in the order of the source's rows."""
    return Path(training.path.path) / "source_order.parquet"


def _take_snapshot(warehouse: str, folder: Path, locations: dict[str, str], training: TrainingFolder) -> None:
    origin = origin_of_files(folder, locations)
    with connect(warehouse) as conn:
        batch_id = open_batch(conn, "quality", str(folder))
        for source in ("movielens", *locations):
            extract(conn, batch_id, source, SOURCES.create(source, origin))
        stage(conn, batch_id)
        build_core(conn, batch_id)
        accept_batch(conn, batch_id, KEEP_NIGHTS)
        take_snapshot(conn, replace(training, training_id=open_training(conn, "quality", batch_id, seed=0)))
        fetch_frame(conn, "bench/source_order").to_parquet(_source_order(training))
