"""The contract every ranker keeps: fit on a dataset, recommend lists, be saved and loaded."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from upath import UPath

from movierec.artifacts import Arrays, load_arrays, save_arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.columns import MOVIE, RANK, SCORE, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.rankers.cold_start import Newcomers
from movierec.rankers.model_card import ARRAYS, read_card, write_card
from movierec.rankers.search_space import Space
from movierec.rankers.top_k import top_k

USERS_AT_ONCE = 256
GAP = 0.01  # of the range of a user's scores, below which movies outside a model stand
SCORES_AT_ONCE = 8_000_000  # of users × movies: what bounds the memory of a block
HISTORY = ("user_ids", "movie_ids", "users", "movies", "ratings", "liked", "signal", "times")


class Ranker(ABC):
    """Orders the whole catalogue for a user.

    `__init__` stores hyper-parameters under their own names; what is learned ends in `_`. A subclass says how it learns
    and how it scores a block of users with a history; who has none gets what people of their age and gender rate most.

    Attributes:
        name: what the ranker is called everywhere.
        space: the hyper-parameters that may be tuned.
        fitted_: the history that was learned from.
        history_: the history of those who are recommended to; another one after `fold_in`.
    """

    name: ClassVar[str]
    space: ClassVar[Space] = {}
    fitted_: History
    history_: History
    newcomers_: Newcomers

    def fit(self, dataset: Dataset, features: MovieFeatures) -> Self:
        """Learn from all ratings of `dataset`, forgetting what was learned before.

        Raises:
            ModelError: there are no ratings, or `features` are of another catalogue.
        """
        if dataset.ratings.empty:
            raise ModelError(f"ranker '{self.name}' got no ratings; at least one is needed")
        if not np.array_equal(features.movie_ids, dataset.movies[MOVIE]):
            raise ModelError(f"ranker '{self.name}' got features of another catalogue; build them from this dataset")
        self.history_ = self.fitted_ = History.of(dataset)
        self.newcomers_ = Newcomers.of(dataset, self.fitted_)
        self._learn(dataset, features)
        return self

    def fold_in(self, dataset: Dataset) -> Self:
        """Return this ranker for the users of `dataset`, whom it need not have seen; nothing is learned from them.

        Raises:
            ModelError: the catalogue is another one.
        """
        history = History.of(dataset)
        if not np.array_equal(history.movie_ids, self.fitted_.movie_ids):
            raise ModelError(f"ranker '{self.name}' was fitted on another catalogue; allowed is the same one")
        folded = copy.copy(self)
        folded.history_ = history
        folded._meet(dataset)
        return folded

    def _meet(self, dataset: Dataset) -> None:  # noqa: B027 - most rankers score from `history_` alone
        """Prepare for the users of another dataset, whose history is in `history_`."""

    @abstractmethod
    def _learn(self, dataset: Dataset, features: MovieFeatures) -> None:
        """Set the learned attributes."""

    @abstractmethod
    def scores(self, users: Ints) -> Floats:
        """Score all movies for the users at these positions (users × movies, float32, finite)."""

    def recommend(
        self, users: ArrayLike, k: int, exclude_seen: bool = True, exclude: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Rank k movies for each of the given user ids, in blocks of bounded size.

        Args:
            users: user ids; a repeated one counts once.
            k: the length of a list.
            exclude_seen: leave out what the user has in the history.
            exclude: (user_id, movie_id) to leave out as well.

        Returns:
            (user_id, movie_id, score, rank), rank from 1; fewer than k rows where fewer movies are left.

        Raises:
            ModelError: a score is not a finite number.
        """
        asked = pd.unique(np.asarray(users, np.int64))
        size = int(np.clip(SCORES_AT_ONCE // max(self.history_.shape[1], 1), 1, USERS_AT_ONCE))
        blocks = [asked[start : start + size] for start in range(0, len(asked), size)]
        excluded = _cells(exclude, asked, self.history_.movie_ids)
        lists = []
        for start, block in zip(range(0, len(asked) or 1, size), blocks or [asked], strict=True):
            first, last = np.searchsorted(excluded[0], [start, start + len(block)])
            cells = excluded[0][first:last] - start, excluded[1][first:last]
            lists.append(self._lists(block, k, exclude_seen, cells))
        return pd.concat(lists, ignore_index=True)

    def _lists(self, users: Ints, k: int, exclude_seen: bool, excluded: tuple[Ints, Ints]) -> pd.DataFrame:
        history = self.history_
        known = np.isin(users, history.user_ids)
        places = np.searchsorted(history.user_ids, users[known])
        scores = np.empty((len(users), history.shape[1]), np.float32)
        scores[~known] = self.newcomers_.scores(users[~known])
        if known.any():
            scores[known] = self.scores(places)
        broken = int((~np.isfinite(scores)).sum())
        if broken:
            raise ModelError(f"ranker '{self.name}' gave {broken} scores that are no finite numbers")
        if exclude_seen:
            seen = history.seen[places].tocoo()
            scores[np.flatnonzero(known)[seen.row], seen.col] = -np.inf
        scores[excluded] = -np.inf
        rows, columns, ranks = top_k(scores, k)
        columns_of = {USER: users[rows], MOVIE: history.movie_ids[columns]}
        return pd.DataFrame({**columns_of, SCORE: scores[rows, columns], RANK: ranks})

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return how much having rated each source speaks for each target (sources × targets, positions).

        All zero unless the ranker works through pairs of movies: then nothing of the history can be named as evidence.
        """
        return np.zeros((len(sources), len(targets)), np.float32)

    def history_weights(self, ratings: Ints) -> Floats:
        """Return what these ratings of `history_` (positions) count in a score, up to a factor of their user's."""
        return self.history_.signal[ratings]

    def contributions(self, users: Ints, sources: Sequence[Ints], targets: Sequence[Ints]) -> Iterator[Floats]:
        """Give for each user how much each of some movies of the history adds to the scores of others.

        Args:
            users: positions.
            sources: for each user, positions of movies in the history, ascending.
            targets: for each user, positions of the movies that were scored.

        Yields:
            sources × targets, up to a positive factor of the user's; by default the weight of the rating times that of
            the pair of movies.
        """
        for user, given, scored in zip(users, sources, targets, strict=True):
            weights = self.history_weights(self.history_.ratings_of(user, given))
            yield weights[:, None] * self.item_weights(given, scored)

    def save(self, folder: UPath, with_history: bool = True) -> None:
        """Write the model; `load` gives back one that recommends the same.

        Rankers fitted on one history may leave it to whoever holds them all.
        """
        write_card(folder, self.name, self.parameters())
        parts = HISTORY if with_history else ()
        kept = {f"history.{part}": getattr(self.fitted_, part) for part in parts}
        save_arrays(folder / ARRAYS, {**kept, **self.newcomers_.arrays(), **self._state()})

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
            ranker.fitted_ = history or History(**{part: arrays[f"history.{part}"] for part in HISTORY})
            ranker.history_ = ranker.fitted_
            ranker.newcomers_ = Newcomers.of_arrays(arrays)
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


def _cells(pairs: pd.DataFrame | None, users: Ints, movie_ids: Ints) -> tuple[Ints, Ints]:
    """Find those of the pairs that are of these users and this catalogue: rows (ascending) and columns."""
    if pairs is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rows = pd.Index(users).get_indexer(pd.Index(pairs[USER]))
    columns = pd.Index(movie_ids).get_indexer(pd.Index(pairs[MOVIE]))
    found = np.flatnonzero((rows >= 0) & (columns >= 0))
    order = found[np.argsort(rows[found], kind="stable")]
    return rows[order].astype(np.int64), columns[order].astype(np.int64)


def popularity(history: History) -> Floats:
    """Return the share of users who rated each movie (float32): the order for those about whom nothing is known."""
    return history.counts / np.float32(max(history.shape[0], 1))


def after_scored(scores: Floats, history: History) -> Floats:
    """Let movies without evidence (score <= 0) follow those with some, by popularity, with scores from -1 to 0."""
    return np.where(scores > 0, scores, popularity(history) - 1).astype(np.float32)


def most_rated(history: History, most: int) -> Ints:
    """Return the positions of the `most` movies with most ratings, ascending; movies without any are not kept."""
    ordered = np.argsort(-history.counts, kind="stable")[:most]
    return np.sort(ordered[history.counts[ordered] > 0])


def before_the_rest(scores: Floats, kept: Ints, history: History) -> Floats:
    """Let movies that a model has no place for follow its `kept` ones, by popularity (rows × movies, float32)."""
    if len(kept) == history.shape[1]:
        return scores
    if not len(kept):
        return np.tile(popularity(history), (len(scores), 1))
    lowest, highest = scores.min(axis=1, keepdims=True), scores.max(axis=1, keepdims=True)
    # Just below, so that who standardises the scores is not misled by outliers.
    step = np.maximum(GAP * (highest - lowest), np.float32(1e-6))
    everything = lowest - step * (1 + GAP - popularity(history)[None])
    everything[:, kept] = scores
    return np.asarray(everything, np.float32)
