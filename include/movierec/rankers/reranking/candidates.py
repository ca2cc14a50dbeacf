"""Candidates that the base rankers propose from one history, described by every feature the learned rankers use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset, empty
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.features.pairs import PairFeatures
from movierec.rankers.base import blocks_of
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.label_windows import WindowPlan
from movierec.rankers.reranking.base_rankers import BaseRankers
from movierec.rankers.reranking.views import Views


@dataclass(frozen=True)
class CandidateTable:
    """Candidates of some users.

    Attributes:
        rows: of each candidate, the index of the user among the users asked for (int64), ascending.
        movies: positions in the catalogue (int64).
        matrix: candidates × features (float32), NaN where unknown.
        names: of the features.
    """

    rows: Ints
    movies: Ints
    matrix: Floats
    names: list[str]

    def columns(self, names: list[str]) -> Floats:
        """Return the features of these names (candidates × names, float32); one that the table lacks is NaN."""
        if names == self.names:
            return self.matrix
        columns = {name: column for column, name in enumerate(self.names)}
        matrix = np.full((len(self.matrix), len(names)), np.nan, np.float32, order="F")
        for column, name in enumerate(names):
            if name in columns:
                matrix[:, column] = self.matrix[:, columns[name]]
        return matrix

    def take(self, positions: Ints) -> "CandidateTable":
        """Return the candidates at these positions, ascending."""
        return CandidateTable(self.rows[positions], self.movies[positions], self.matrix[positions], self.names)

    @classmethod
    def join(cls, tables: Sequence[Self], first_rows: Sequence[int]) -> Self:
        """Put tables of several blocks of users after each other; each block's users are numbered from a first row."""
        rows = [table.rows + first for table, first in zip(tables, first_rows, strict=True)]
        movies, matrix = (np.concatenate([getattr(table, part) for table in tables]) for part in ("movies", "matrix"))
        return cls(np.concatenate(rows), movies, matrix, tables[0].names)


class Block(NamedTuple):
    """What a generator says of some users.

    Attributes:
        users: positions.
        table: of their candidates.
        fallback: scores of all movies (users × movies), by which those follow that are not candidates.
    """

    users: Ints
    table: CandidateTable
    fallback: Floats


class CandidateGenerator:
    """Proposes and describes candidates from one history; each label window has its own, and so have the final lists.

    Attributes:
        base_rankers: fitted; they know whom they recommend to.
        facts: about the movies and users; its ratings are not looked at.
        features: of the movies.
        depth: how many movies each view proposes to a user.
        windows: what users are asked for (`label_windows`).
        history: of the users who are recommended to.
        views: what proposes.
        pairs: what describes a user and a movie beside the views.
        latest: what was described last; learned rankers that share a generator take it.
    """

    latest: "Block | None" = None

    def __init__(
        self,
        base_rankers: BaseRankers,
        facts: Dataset,
        features: MovieFeatures,
        depth: int,
        windows: str = "time",
    ) -> None:
        """Prepare the views and pair features of the users whom the base rankers know."""
        self.base_rankers = base_rankers
        self.facts = facts
        self.features = features
        self.depth = depth
        self.windows = windows
        self.history: History = base_rankers.history
        self.views = Views.of(base_rankers)
        world = base_rankers.training_history
        self.pairs = PairFeatures.of(facts, features, self.history, world, is_asked_now=windows == "days")

    @classmethod
    def fit(cls, dataset: Dataset, features: MovieFeatures, plan: WindowPlan, fits: Fits) -> Self:
        """Fit the base rankers on the ratings of a dataset, as the plan of learned rankers says."""
        # Without its ratings: what is cached by a dataset must not keep that dataset alive.
        facts = dataset.with_ratings(empty("ratings"))
        base_rankers = BaseRankers.fit(dataset, features, fits, plan.windows, plan.tuned)
        return cls(base_rankers, facts, features, plan.candidates, plan.windows)

    def fold_in(self, dataset: Dataset) -> "CandidateGenerator":
        """Return the same generator for the users of another dataset."""
        return self._of(self.base_rankers.fold_in(dataset))

    def without(self, left_out: Mapping[str, str]) -> "CandidateGenerator":
        """Return the same generator without some base rankers, by name with the reason."""
        if left_out.keys() <= self.base_rankers.left_out.keys():
            return self
        return self._of(self.base_rankers.without(left_out))

    def _of(self, base_rankers: BaseRankers) -> "CandidateGenerator":
        return CandidateGenerator(base_rankers, self.facts, self.features, self.depth, self.windows)

    def table(self, users: Ints) -> CandidateTable:
        """Propose and describe candidates for the users at these positions, in blocks of bounded size."""
        starts = blocks_of(len(users), self.history.shape[1])
        if len(starts) == 1:
            return self.block(users).table
        blocks = [self._block(users[start:stop]).table for start, stop in starts]
        return CandidateTable.join(blocks, [start for start, _ in starts])

    def block(self, users: Ints) -> "Block":
        """Return all about a block of users, who are few enough for their scores to fit into memory."""
        if self.latest is None or not np.array_equal(self.latest.users, users):
            self.latest = self._block(users)
        return self.latest

    def _block(self, users: Ints) -> "Block":
        seen: NDArray[np.bool_] = self.history.seen[users].toarray() > 0
        proposals = self.views.propose(users, seen, self.depth)
        features = proposals.features | self.pairs.of_block(users, proposals.rows, proposals.movies)
        # Filled, and read, feature by feature.
        matrix = np.empty((len(proposals.rows), len(features)), np.float32, order="F")
        for column, values in enumerate(features.values()):
            matrix[:, column] = values
        table = CandidateTable(proposals.rows, proposals.movies, matrix, list(features))
        return Block(users, table, proposals.fallback)
