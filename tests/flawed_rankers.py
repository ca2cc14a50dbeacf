"""Rankers that must not win, each for a reason of its own."""

import numpy as np
import pandas as pd

from movierec.rankers.ease import EASE
from movierec.rankers.popularity import Popularity


class Constant(EASE):
    """Has no opinion."""

    name = "constant"

    def scores(self, users):
        """Give every movie the same score."""
        return np.zeros((len(users), self.history_.shape[1]), np.float32)


class NoNumber(EASE):
    """Is broken."""

    name = "no_number"

    def scores(self, users):
        """Give no numbers."""
        return np.full((len(users), self.history_.shape[1]), np.nan, np.float32)


class Disguise(Popularity):
    """Is popularity under another name."""

    name = "disguise"

    def scores(self, users):
        """Keep popularity's order."""
        return 2 * super().scores(users)


class ReadsTest(EASE):
    """Knows a part of the test, from wherever."""

    name = "reads_test"
    TEST = pd.DataFrame({"user_id": [], "movie_id": []})

    def scores(self, users):
        """Lift the movies that the test asks about."""
        lifted = super().scores(users)
        test = self.TEST[self.TEST["movie_id"].isin(self.history_.movie_ids)]
        rows = pd.Index(self.history_.user_ids[users]).get_indexer(pd.Index(test["user_id"]))
        columns = np.searchsorted(self.history_.movie_ids, test["movie_id"])
        lifted[rows[rows >= 0], columns[rows >= 0]] += 0.2
        return lifted


class CountsTerms(EASE):
    """Believes its features, whatever they count."""

    name = "counts_terms"

    def _fit(self, dataset, features, fits):
        super()._fit(dataset, features, fits)
        self.weight_ = np.asarray(features.matrix.sum(axis=1), np.float32).ravel()

    def scores(self, users):
        """Add what the features say."""
        return super().scores(users) + self.weight_


PLANTED = (Constant, NoNumber, Disguise, ReadsTest, CountsTerms)
