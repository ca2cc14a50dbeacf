"""What a training stored, as far as its pictures need it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from movierec.data.arrays import Doubles
from movierec.data.columns import MOVIE, SCORE, USER
from movierec.db import Connection, fetch_frame
from movierec.evaluation.metrics import relevant_pairs
from movierec.evaluation.protocols import CUTOFF, PER_USER_TEMPORAL
from movierec.rankers.base import Ranker
from movierec.training.data import TrainingData
from movierec.training.metric_rows import ALL


@dataclass(frozen=True)
class TrainingResults:
    """The metrics of one training, from the warehouse, and its lists and models, from its folder."""

    conn: Connection
    data: TrainingData

    def totals(self, metric: str) -> pd.DataFrame:
        """Return (ranker, value, low, high, users) of a metric at 10, the best first."""
        totals = self.strata(metric, ALL).drop(columns="stratum")
        return totals.sort_values(["value", "ranker"], ascending=[False, True], ignore_index=True)

    def strata(self, metric: str, dimension: str) -> pd.DataFrame:
        """Return (ranker, stratum, value, low, high, users) of a metric at 10."""
        parameters = {**self._key(), "metric": metric, "dimension": dimension}
        return fetch_frame(self.conn, "plots/metric_of_groups", parameters)

    def ndcg_per_user(self) -> pd.DataFrame:
        """Return NDCG@10: a row per evaluated user, a column per ranker; users whom a ranker lacks are left out."""
        ndcg = fetch_frame(self.conn, "ml/user_ndcg", self._key())
        return ndcg.pivot_table(index=USER, columns="ranker", values="ndcg_at_k").dropna()

    def scores_and_likes(self, ranker: str) -> tuple[Doubles, NDArray[np.bool_]] | None:
        """Return the score of every movie in the ranker's lists and whether its user liked it in the test.

        None where the ranker left no lists.
        """
        if not self.data.folder.lists_of(ranker).exists():
            return None
        lists = self.data.load_lists(ranker)
        relevant = relevant_pairs(self.data.test, self.data.dataset.relevant_from)[[USER, MOVIE]]
        marked = lists.merge(relevant.drop_duplicates(), on=[USER, MOVIE], how="left", indicator=True)
        return marked[SCORE].to_numpy(np.float64), (marked["_merge"] == "both").to_numpy()

    def model(self, ranker: str) -> Ranker | None:
        """Return a fitted ranker, None where the training has none of that name."""
        return self.data.load_ranker(ranker) if self.data.folder.model(ranker).exists() else None

    def _key(self) -> dict[str, object]:
        return {"training_id": self.data.folder.training_id, "protocol": PER_USER_TEMPORAL, "k": CUTOFF}
