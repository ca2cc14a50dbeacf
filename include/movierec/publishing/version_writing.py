"""What writers of a version share: its facts, its model, and replacing the rows of one of its tables."""

import logging
from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from movierec.config import Settings
from movierec.data.columns import MOVIE
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.db import Connection, Parameters, copy_rows, run_sql
from movierec.errors import ModelError
from movierec.publishing.versions import Version, find_version, lock_to_write
from movierec.rankers import registry
from movierec.rankers.base import Ranker
from movierec.training.folder import TrainingFolder

log = logging.getLogger(__name__)

ABOUT_MOVIE = ("title", "release_year")  # kept with every entry, so that a live list does not change with the catalogue


def open_facts(conn: Connection, version_id: int, settings: Settings) -> tuple[Version, TrainingFolder, Dataset]:
    """Return a version that may be written, its training's folder, and the facts it is made from."""
    version = find_version(conn, version_id)
    folder = TrainingFolder.of(settings, version.training_id)
    return version, folder, Dataset.load(folder.snapshot)


def load_champion(version: Version, folder: TrainingFolder, dataset: Dataset) -> Ranker:
    """Return the model that a version is made with, as it was fitted on all ratings of its training.

    Raises:
        ModelError: the model is damaged, another ranker's, or was fitted on other ratings.
    """
    ranker = registry.load(folder.final_model(version.ranker), version.ranker)
    require_fitted_on(dataset, ranker, folder)
    return ranker


def require_fitted_on(dataset: Dataset, ranker: Ranker, folder: TrainingFolder) -> None:
    """Refuse a model that was not fitted on all ratings of the training whose lists it makes.

    Raises:
        ModelError: it was fitted on others.
    """
    if not ranker.training_history_.is_of_same_ratings(History.of(dataset)):
        raise ModelError(
            f"{folder.final_model(ranker.name)} was not fitted on the ratings of {folder.snapshot} "
            f"({len(ranker.training_history_.users):,} ratings, there {len(dataset.ratings):,}); train again"
        )


def with_movie_facts(lists: pd.DataFrame, movies: pd.DataFrame, movie: str = MOVIE) -> pd.DataFrame:
    """Add title and year of the movies in the column `movie`."""
    return lists.join(movies.set_index(MOVIE)[list(ABOUT_MOVIE)], on=movie)


def replace_rows(
    conn: Connection,
    version_id: int,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    part: Parameters | None = None,
) -> int:
    """Replace a version's rows of a table, or a part of them, in the open transaction; return how many there are."""
    lock_to_write(conn, version_id)
    run_sql(conn, f"serving/clear_{table}", {"version_id": version_id, **(part or {})})
    written = copy_rows(conn, f"serving.{table}", ("version_id", *columns), ([version_id, *row] for row in rows))
    log.info("%s: %d rows", table, written)
    return written


def rows_of(frame: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Yield the rows of a frame, None where a value is missing."""
    with_nulls = frame.astype(object).where(frame.notna(), None)
    return iter(with_nulls.itertuples(index=False, name=None))
