"""The first stage: the table of candidates that one history gives, described in every way the learned rankers use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset, empty
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.features.pairs import PairFeatures
from movierec.rankers.base import SCORES_AT_ONCE, USERS_AT_ONCE
from movierec.rankers.reranking.base_rankers import Bases
from movierec.rankers.reranking.views import Views


@dataclass(frozen=True)
class Table:
    """Candidates of some users: row of the block, position of the movie, and a matrix of features (pairs × names)."""

    rows: Ints
    movies: Ints
    matrix: Floats
    names: list[str]

    def columns(self, names: list[str]) -> Floats:
        """Return the features of these names: which there are depends on what is known; others are NaN."""
        if names == self.names:
            return self.matrix
        places = {name: place for place, name in enumerate(self.names)}
        arranged = np.full((len(self.matrix), len(names)), np.nan, np.float32)
        for column, name in enumerate(names):
            if name in places:
                arranged[:, column] = self.matrix[:, places[name]]
        return arranged


class FirstStage:
    """What one history says about candidates; the label windows and the night's lists each have their own."""

    def __init__(self, bases: Bases, facts: Dataset, features: MovieFeatures, depth: int) -> None:
        """Prepare the views and the pair features of the users whom the bases know; ratings are taken from these."""
        self.bases = bases
        self.facts = facts
        self.features = features
        self.depth = depth
        self.history: History = bases.history
        self.views = Views.of(bases)
        self.pairs = PairFeatures.of(facts, features, self.history, bases.learned_from)

    @classmethod
    def fit(cls, dataset: Dataset, features: MovieFeatures, depth: int) -> Self:
        """Fit the bases on the ratings of a dataset."""
        # Without the ratings: whatever is kept for a dataset must not keep the dataset itself.
        return cls(Bases.fit(dataset, features), dataset.with_ratings(empty("ratings")), features, depth)

    def fold_in(self, dataset: Dataset) -> "FirstStage":
        """Return the same stage for the users of another dataset."""
        return FirstStage(self.bases.fold_in(dataset), self.facts, self.features, self.depth)

    def without(self, left_out: Mapping[str, str]) -> "FirstStage":
        """Return the same stage without some base rankers, for these reasons."""
        if left_out.keys() <= self.bases.left_out.keys():
            return self
        return FirstStage(self.bases.without(left_out), self.facts, self.features, self.depth)

    def table(self, users: Ints) -> Table:
        """Propose and describe candidates for the users at these positions, a block at a time."""
        size = int(np.clip(SCORES_AT_ONCE // max(self.history.shape[1], 1), 1, USERS_AT_ONCE))
        starts = range(0, len(users), size)
        blocks = [self._block(users[start : start + size], start) for start in starts]
        if len(blocks) == 1:
            return Table(*blocks[0])
        rows, movies, matrix = (np.concatenate([block[part] for block in blocks]) for part in range(3))
        return Table(rows, movies, matrix, blocks[0][3])

    def _block(self, users: Ints, start: int) -> tuple[Ints, Ints, Floats, list[str]]:
        seen: NDArray[np.bool_] = self.history.seen[users].toarray() > 0
        found = self.views.propose(users, seen, self.depth)
        features = found.features | self.pairs.of_block(users, found.rows, found.movies)
        matrix = np.empty((len(found.rows), len(features)), np.float32, order="F")  # filled, and read, by feature
        for column, values in enumerate(features.values()):
            matrix[:, column] = values
        return found.rows + start, found.movies, matrix, list(features)
