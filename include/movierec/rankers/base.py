"""The contract every ranker keeps: fit on a dataset, recommend lists, be saved and loaded."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from upath import UPath

from movierec.artifacts import Arrays, load_arrays, save_arrays
from movierec.columns import MOVIE, RANK, SCORE, USER
from movierec.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.features.history import History
from movierec.features.types import Floats, Ints
from movierec.rankers.storage import ARRAYS, read_card, write_card
from movierec.rankers.top import top_k

USERS_AT_ONCE = 256
HISTORY = ("user_ids", "movie_ids", "users", "movies", "ratings", "times")


class Ranker(ABC):
    """Orders the whole catalogue for a user.

    `__init__` stores hyper-parameters under their own names; what is learned ends in `_`. A subclass says how it learns
    and how it scores a block of known users; who is unknown gets the most rated movies, here and for every ranker.
    """

    name: ClassVar[str]
    history_: History

    def fit(self, dataset: Dataset, features: MovieFeatures) -> Self:
        """Learn from all ratings of `dataset`, forgetting what was learned before.

        Raises:
            ModelError: there are no ratings, or `features` are of another catalogue.
        """
        if dataset.ratings.empty:
            raise ModelError(f"ranker '{self.name}' got no ratings; at least one is needed")
        if not np.array_equal(features.movie_ids, dataset.movies[MOVIE]):
            raise ModelError(f"ranker '{self.name}' got features of another catalogue; build them from this dataset")
        self.history_ = History.of(dataset)
        self._learn(dataset, features)
        return self

    @abstractmethod
    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        """Set the learned attributes."""

    @abstractmethod
    def scores(self, users: Ints) -> Floats:
        """Score all movies for the users at these positions (users × movies, float32, finite)."""

    def recommend(self, users: ArrayLike, k: int, exclude_seen: bool = True) -> pd.DataFrame:
        """Rank k movies for each of the given user ids, in blocks of `USERS_AT_ONCE`.

        Returns:
            (user_id, movie_id, score, rank), rank from 1; fewer than k rows where fewer movies are left.
        """
        asked = pd.unique(np.asarray(users, np.int64))
        blocks = [asked[start : start + USERS_AT_ONCE] for start in range(0, len(asked), USERS_AT_ONCE)]
        lists = [self._lists(block, k, exclude_seen) for block in blocks or [asked]]
        return pd.concat(lists, ignore_index=True)

    def _lists(self, users: Ints, k: int, exclude_seen: bool) -> pd.DataFrame:
        history = self.history_
        places = np.minimum(np.searchsorted(history.user_ids, users), len(history.user_ids) - 1)
        known = history.user_ids[places] == users
        scores = np.tile(popularity(history), (len(users), 1))
        if known.any():
            scores[known] = self.scores(places[known])
        if exclude_seen:
            seen = history.seen[places].multiply(known[:, None]).tocoo()
            scores[seen.row[seen.data > 0], seen.col[seen.data > 0]] = -np.inf
        rows, columns, ranks = top_k(scores, k)
        columns_of = {USER: users[rows], MOVIE: history.movie_ids[columns]}
        return pd.DataFrame({**columns_of, SCORE: scores[rows, columns], RANK: ranks})

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return how much having rated each source speaks for each target (sources × targets, positions).

        All zero unless the ranker works through pairs of movies: then nothing of the history can be named as evidence.
        """
        return np.zeros((len(sources), len(targets)), np.float32)

    def save(self, folder: UPath, with_history: bool = True) -> None:
        """Write the model; `load` gives back one that recommends the same.

        Rankers fitted on one history may leave it to whoever holds them all.
        """
        write_card(folder, self.name, self.parameters())
        parts = HISTORY if with_history else ()
        kept = {f"history.{part}": getattr(self.history_, part) for part in parts}
        save_arrays(folder / ARRAYS, {**kept, **self._state()})

    @classmethod
    def load(cls, folder: UPath, history: History | None = None) -> Self:
        """Read what `save` wrote; without a `history` of its own the model needs the one it was fitted on.

        Raises:
            ModelError: the model is of another ranker or format, or its files are damaged.
        """
        name, parameters = read_card(folder)
        if name != cls.name:
            raise ModelError(f"{folder} holds the ranker '{name}', not '{cls.name}'")
        try:
            ranker = cls(**parameters)
            arrays = load_arrays(folder / ARRAYS)
            ranker.history_ = history or History(**{part: arrays[f"history.{part}"] for part in HISTORY})
            ranker._restore(arrays, folder)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{folder} is not a whole '{name}' model ({error!r}); train again") from error
        return ranker

    def parameters(self) -> dict[str, Any]:
        """Return the hyper-parameters as given to `__init__`."""
        return {key: value for key, value in vars(self).items() if not key.endswith("_")}

    def _state(self) -> Arrays:
        """Return what was learned beside the history."""
        return {}

    def _restore(self, arrays: Arrays, folder: UPath) -> None:  # noqa: B027 - nothing to take back is the common case
        """Take back what `_state` returned."""


def popularity(history: History) -> Floats:
    """Return the share of users who rated each movie (float32): the order for those about whom nothing is known."""
    return history.counts / np.float32(max(history.shape[0], 1))


def after_scored(scores: Floats, history: History) -> Floats:
    """Let movies without evidence (score <= 0) follow those with some, by popularity, with scores from -1 to 0."""
    return np.where(scores > 0, scores, popularity(history) - 1).astype(np.float32)
