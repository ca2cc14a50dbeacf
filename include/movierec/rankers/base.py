"""The contract every ranker keeps: fit on a dataset, recommend lists, be saved and loaded."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
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
from movierec.kernels.top_k import top_k
from movierec.rankers.building_blocks.cold_start import ColdStart
from movierec.rankers.building_blocks.fits import ANEW, Fits
from movierec.rankers.building_blocks.search_space import Space
from movierec.rankers.saved_models import saved_history
from movierec.rankers.saved_models.manifest import check_manifest, write_manifest
from movierec.rankers.saved_models.model_card import ARRAYS, history_folder, model_folder, read_card, write_card

USERS_AT_ONCE = 256
SCORES_AT_ONCE = 8_000_000  # of users × movies: what bounds the memory of a block


class Ranker(ABC):
    """Orders the whole catalogue for a user.

    `__init__` stores hyper-parameters under their own names; the names of learned attributes end in `_`. A subclass
    says how it learns (`_fit`), how it scores users with a history (`scores`), what it needs for new users (`_fold_in`)
    and what is saved (`_to_arrays`, `_from_arrays`). Users without a history get what people of their age and gender
    rate most.

    Attributes:
        name: of the ranker, in forms, tables and saved models.
        space: the hyper-parameters that may be tuned.
        is_fitted_elsewhere: another process does the work of a fit, so that this one can do something else meanwhile.
        training_history_: the history that was learned from.
        history_: the history of the users who are recommended to; another one after `fold_in`.
        cold_start_: scores for users without a history.
        kept_in_: the folder where the fit is kept already; then a saved model says so and is not a second copy.
    """

    name: ClassVar[str]
    space: ClassVar[Space] = {}
    is_fitted_elsewhere: ClassVar[bool] = False
    training_history_: History
    history_: History
    cold_start_: ColdStart
    kept_in_: UPath | None = None

    def fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits = ANEW) -> Self:
        """Learn from all ratings of `dataset`, forgetting what was learned before.

        Args:
            dataset: the facts.
            features: of its movies, built from it.
            fits: where a ranker that builds on others has these fitted.

        Raises:
            ModelError: there are no ratings, or `features` are of another catalogue.
        """
        if dataset.ratings.empty:
            raise ModelError(f"ranker '{self.name}' got no ratings; at least one is needed")
        if not np.array_equal(features.movie_ids, dataset.movies[MOVIE]):
            raise ModelError(f"ranker '{self.name}' got features of another catalogue; build them from this dataset")
        self.kept_in_ = None
        self.history_ = self.training_history_ = History.of(dataset)
        self.cold_start_ = ColdStart.of(dataset, self.training_history_)
        self._fit(dataset, features, fits)
        return self

    def give_up(self) -> None:  # noqa: B027 - there is nothing to end in this process
        """End a fit that another process does for another thread, which then fails with a ModelError."""

    def fold_in(self, dataset: Dataset) -> Self:
        """Return this ranker for the users of `dataset`, whom it need not have seen; nothing is learned from them.

        Raises:
            ModelError: the catalogue is another one.
        """
        history = History.of(dataset)
        if not np.array_equal(history.movie_ids, self.training_history_.movie_ids):
            raise ModelError(f"ranker '{self.name}' was fitted on another catalogue; allowed is the same one")
        folded = copy.copy(self)
        folded.history_ = history
        folded._fold_in(dataset)
        return folded

    def _fold_in(self, dataset: Dataset) -> None:  # noqa: B027 - most rankers score from `history_` alone
        """Prepare for the users of another dataset, whose history is in `history_`."""

    @abstractmethod
    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        """Set the learned attributes; `history_` and `training_history_` are those of `dataset`."""

    @abstractmethod
    def scores(self, users: Ints) -> Floats:
        """Score all movies for the users at these positions of `history_` (users × movies, float32, finite)."""

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
        return pd.concat(self.recommend_blocks(users, k, exclude_seen, exclude), ignore_index=True)

    def recommend_blocks(
        self, users: ArrayLike, k: int, exclude_seen: bool = True, exclude: pd.DataFrame | None = None
    ) -> Iterator[pd.DataFrame]:
        """Yield what `recommend` returns, a block of users at a time, one block at least."""
        user_ids = pd.unique(np.asarray(users, np.int64))
        rows, columns = cells_of(exclude, user_ids, self.history_.movie_ids)
        for start, stop in blocks_of(len(user_ids), self.history_.shape[1]) or [(0, 0)]:
            first, last = np.searchsorted(rows, [start, stop])
            excluded = rows[first:last] - start, columns[first:last]
            yield self._lists(user_ids[start:stop], k, exclude_seen, excluded)

    def _lists(self, user_ids: Ints, k: int, exclude_seen: bool, excluded: tuple[Ints, Ints]) -> pd.DataFrame:
        """Rank for a block of users; `excluded` are indices of users in the block and positions of movies."""
        history = self.history_
        has_history = np.isin(user_ids, history.user_ids)
        positions = np.searchsorted(history.user_ids, user_ids[has_history])
        scores = np.empty((len(user_ids), history.shape[1]), np.float32)
        scores[~has_history] = self.cold_start_.scores(user_ids[~has_history])
        if has_history.any():
            scores[has_history] = self.scores(positions)
        broken = int((~np.isfinite(scores)).sum())
        if broken:
            raise ModelError(f"ranker '{self.name}' gave {broken} scores that are not finite numbers")
        if exclude_seen:
            seen = history.seen[positions].tocoo()
            scores[np.flatnonzero(has_history)[seen.row], seen.col] = -np.inf
        scores[excluded] = -np.inf
        rows, movies, ranks = top_k(scores, k)
        ids = {USER: user_ids[rows], MOVIE: history.movie_ids[movies]}
        return pd.DataFrame({**ids, SCORE: scores[rows, movies], RANK: ranks})

    def item_weights(self, sources: Ints, targets: Ints) -> Floats:
        """Return how much having rated each source speaks for each target.

        Args:
            sources: positions of movies in a history.
            targets: positions of movies that are scored.

        Returns:
            sources × targets (float32). All zero unless the ranker works through pairs of movies: then no movie of a
            history can be named as evidence.
        """
        return np.zeros((len(sources), len(targets)), np.float32)

    def history_weights(self, ratings: Ints) -> Floats:
        """Return the weights of these ratings of `history_` (positions) in scores, up to a positive factor per user."""
        return self.history_.signal[ratings]

    def contributions(self, users: Ints, sources: Sequence[Ints], targets: Sequence[Ints]) -> Iterator[Floats]:
        """Yield for each user how much each of some movies of the history adds to the scores of others.

        Args:
            users: positions.
            sources: for each user, positions of movies in the history, ascending.
            targets: for each user, positions of the movies that were scored.

        Yields:
            sources × targets (float32), up to a positive factor per user; by default the weight of the rating times
            that of the pair of movies.
        """
        for user, user_sources, user_targets in zip(users, sources, targets, strict=True):
            weights = self.history_weights(self.history_.ratings_of(user, user_sources))
            yield weights[:, None] * self.item_weights(user_sources, user_targets)

    def save(self, folder: UPath, with_history: bool = True, history_in: UPath | None = None) -> None:
        """Write the model; `load` returns one that recommends the same.

        Args:
            folder: of the model.
            with_history: whether to write the history; of rankers that were fitted on one, it is enough that the one
                that holds them all does.
            history_in: the folder where the history is kept already (`saved_history.keep`); it is not written again.
        """
        write_card(folder, self.name, self.parameters(), self.kept_in_, history_in)
        if self.kept_in_ is None:
            self._save(folder, with_history and history_in is None)
            write_manifest(folder)

    def _save(self, folder: UPath, with_history: bool) -> None:
        """Write everything but the card."""
        history = saved_history.to_arrays(self.training_history_) if with_history else {}
        save_arrays(folder / ARRAYS, {**history, **self.cold_start_.to_arrays(), **self._to_arrays()})

    @classmethod
    def load(cls, folder: UPath, history: History | None = None) -> Self:
        """Read what `save` wrote; a model that was saved without its history needs it as `history`.

        Raises:
            ModelError: the model is of another ranker or format, its files are damaged or not those that were saved, or
                it has a history that is not `history`.
        """
        name, parameters = read_card(folder)
        if name != cls.name:
            raise ModelError(f"{folder} holds the ranker '{name}', not '{cls.name}'")
        folder = model_folder(folder)
        check_manifest(folder)
        try:
            ranker = cls(**parameters)
            arrays = load_arrays(folder / ARRAYS)
            ranker.training_history_ = _history_in(arrays, folder, history)
            ranker.history_ = ranker.training_history_
            ranker.cold_start_ = ColdStart.from_arrays(arrays)
            ranker._from_arrays(arrays, folder)
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"{folder} is not a whole '{name}' model ({error!r}); train again") from error
        return ranker

    def parameters(self) -> dict[str, Any]:
        """Return the hyper-parameters as given to `__init__`."""
        return {key: value for key, value in vars(self).items() if not key.endswith("_")}

    def chosen_parameters(self) -> dict[str, Any]:
        """Return the hyper-parameters with what the fit chose for itself, so that another fit need not choose again."""
        return self.parameters()

    @property
    def left_out(self) -> Mapping[str, str]:
        """Names of the rankers that it builds on and had to go on without, with the reasons in words."""
        return {}

    @property
    def builds_on(self) -> Mapping[str, "Ranker"]:
        """The fitted rankers whose scores or candidates it works with, by the names it has for them."""
        return {}

    def _to_arrays(self) -> Arrays:
        """Return what was learned besides the history, by the names that saved models use."""
        return {}

    def _from_arrays(self, arrays: Arrays, folder: UPath) -> None:  # noqa: B027 - some models are their history
        """Set the learned attributes from what `_to_arrays` returned; `folder` holds the files of the model."""


def _history_in(arrays: Arrays, folder: UPath, shared: History | None) -> History:
    """Return the history of a saved model: its own, or the one that it shares with those it was fitted with.

    A KeyError says that there is neither.
    """
    kept_in = history_folder(folder)
    history = saved_history.load(kept_in) if kept_in else saved_history.from_arrays(arrays)
    if history is None:
        if shared is None:
            raise KeyError("history")
        return shared
    if shared is None:
        return history
    if history is not shared and not history.is_of_same_ratings(shared):
        raise ModelError(f"{folder} was fitted on other ratings than the model that builds on it; train again")
    return shared


def blocks_of(users: int, movies: int) -> list[tuple[int, int]]:
    """Divide so many users into blocks, (start, stop) each, whose scores for so many movies fit into memory."""
    size = int(np.clip(SCORES_AT_ONCE // max(movies, 1), 1, USERS_AT_ONCE))
    return [(start, min(start + size, users)) for start in range(0, users, size)]


def cells_of(pairs: pd.DataFrame | None, user_ids: Ints, movie_ids: Ints) -> tuple[Ints, Ints]:
    """Return rows (ascending) and columns of those pairs that are of these users and movies."""
    if pairs is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    rows = pd.Index(user_ids).get_indexer(pd.Index(pairs[USER]))
    columns = pd.Index(movie_ids).get_indexer(pd.Index(pairs[MOVIE]))
    inside = np.flatnonzero((rows >= 0) & (columns >= 0))
    order = inside[np.argsort(rows[inside], kind="stable")]
    return rows[order].astype(np.int64), columns[order].astype(np.int64)
