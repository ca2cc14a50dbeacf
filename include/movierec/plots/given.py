"""What a training stored, as far as its pictures need it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from upath import UPath

from movierec.artifacts import load_frame
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import Dataset
from movierec.db import Connection, fetch_frame
from movierec.evaluation.metrics import relevant_pairs
from movierec.evaluation.protocols import CUTOFF, PER_USER_TEMPORAL
from movierec.rankers import registry
from movierec.rankers.base import Ranker


@dataclass(frozen=True)
class Given:
    """One training: the warehouse, its number, the folder of its artifacts."""

    conn: Connection
    training_id: int
    folder: UPath

    def totals(self, metric: str) -> pd.DataFrame:
        """Return (ranker, value, low, high, users) of a metric at 10, the best first."""
        found = fetch_frame(self.conn, "plots/totals", {**self._place(), "metric": metric})
        return found.sort_values(["value", "ranker"], ascending=[False, True], ignore_index=True)

    def strata(self, metric: str, dimension: str) -> pd.DataFrame:
        """Return (ranker, stratum, value, low, high, users) of a metric at 10."""
        return fetch_frame(self.conn, "plots/strata", {**self._place(), "metric": metric, "dimension": dimension})

    def per_user(self) -> pd.DataFrame:
        """Return NDCG@10: a row per judged user, a column per ranker, only users whom all rankers were judged by."""
        found = fetch_frame(self.conn, "ml/user_ndcg", {"training_id": self.training_id, "k": CUTOFF})
        return found.pivot_table(index=USER, columns="ranker", values="ndcg_at_k").dropna()

    def liked(self, ranker: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
        """Return the score of every movie in the ranker's lists and whether its user liked it in the test.

        None where the ranker left no lists.
        """
        path = self.folder / "lists" / f"{ranker}.parquet"
        if not path.exists():
            return None
        lists = load_frame(path)
        facts = Dataset.load(self.folder / "snapshot")
        wanted = relevant_pairs(load_frame(self.folder / "test.parquet"), facts.relevant_from)[[USER, MOVIE]]
        found = lists.merge(wanted.drop_duplicates(), on=[USER, MOVIE], how="left", indicator=True)
        return found["score"].to_numpy(np.float64), (found["_merge"] == "both").to_numpy()

    def model(self, ranker: str) -> Ranker | None:
        """Return a fitted ranker, None where the training has none of that name."""
        path = self.folder / "models" / ranker
        return registry.load(path) if path.exists() else None

    def _place(self) -> dict[str, object]:
        return {"training_id": self.training_id, "protocol": PER_USER_TEMPORAL, "k": CUTOFF}
