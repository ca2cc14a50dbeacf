"""The base rankers of the hybrid, fitted together on one history, and the table of candidates they give."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from upath import UPath

from movierec.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.features.history import History
from movierec.features.pairs import PairFeatures
from movierec.features.types import Floats, Ints
from movierec.rankers.base import USERS_AT_ONCE, Ranker
from movierec.rankers.content import Content
from movierec.rankers.ease import Ease
from movierec.rankers.followers import Followers
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.popularity import Popularity
from movierec.rankers.user_knn import UserKNN
from movierec.rankers.views import propose, recent_views


@dataclass(frozen=True)
class Bases:
    """One of each base ranker."""

    popularity: Popularity
    item_knn: ItemKNN
    user_knn: UserKNN
    ease: Ease
    followers: Followers
    content: Content

    @classmethod
    def fit(cls, dataset: Dataset, features: MovieFeatures) -> "Bases":
        """Fit all of them with their own defaults."""
        return cls(
            popularity=Popularity().fit(dataset, features),
            item_knn=ItemKNN().fit(dataset, features),
            user_knn=UserKNN().fit(dataset, features),
            ease=Ease().fit(dataset, features),
            followers=Followers().fit(dataset, features),
            content=Content().fit(dataset, features),
        )

    @classmethod
    def load(cls, folder: UPath, history: History) -> "Bases":
        """Read what `save` wrote; all share the history they were fitted on."""
        return cls(
            popularity=Popularity.load(folder / Popularity.name, history),
            item_knn=ItemKNN.load(folder / ItemKNN.name, history),
            user_knn=UserKNN.load(folder / UserKNN.name, history),
            ease=Ease.load(folder / Ease.name, history),
            followers=Followers.load(folder / Followers.name, history),
            content=Content.load(folder / Content.name, history),
        )

    def save(self, folder: UPath) -> None:
        """Write each to a folder of its own, without the history."""
        for name, ranker in self.named().items():
            ranker.save(folder / name, with_history=False)

    def named(self) -> dict[str, Ranker]:
        """Return them by name, in a fixed order."""
        return dict(vars(self))


@dataclass(frozen=True)
class Table:
    """Candidates of some users: row of the block, position of the movie, and a matrix of features (pairs × names)."""

    rows: Ints
    movies: Ints
    matrix: Floats
    names: list[str]


class FirstStage:
    """What one history says about candidates; the learning window and the night's lists are two of these."""

    def __init__(self, bases: Bases, dataset: Dataset, depth: int) -> None:
        """Prepare the views and the pair features of the history the bases were fitted on."""
        self.bases = bases
        self.history: History = bases.ease.history_
        self.depth = depth
        self.pairs = PairFeatures.of(dataset, self.history)
        own = {name: ranker.scores for name, ranker in bases.named().items()}
        self.views = own | recent_views(bases.ease, bases.item_knn)

    def table(self, users: Ints) -> Table:
        """Propose and describe candidates for the users at these positions, a block at a time."""
        starts = range(0, len(users), USERS_AT_ONCE)
        blocks = [self._block(users[start : start + USERS_AT_ONCE], start) for start in starts]
        rows, movies, matrices = (np.concatenate([block[part] for block in blocks]) for part in range(3))
        return Table(rows, movies, matrices, blocks[0][3])

    def _block(self, users: Ints, start: int) -> tuple[Ints, Ints, Floats, list[str]]:
        seen: NDArray[np.bool_] = self.history.seen[users].toarray() > 0
        found = propose(self.views, users, seen, self.depth)
        features = found.features | self.pairs.of_pairs(users[found.rows], found.movies)
        matrix = np.column_stack(list(features.values())).astype(np.float32)
        return found.rows + start, found.movies, matrix, list(features)
