"""A blend: the weighted sum of the scores of several rankers; learned rankers must be better than it."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
from upath import UPath

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.data.history import is_liked
from movierec.data.seed import SEED
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker, cells_of
from movierec.rankers.building_blocks.ensemble_selection import select
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.fitting_together import fit_together, left_out_from_arrays, left_out_to_arrays
from movierec.rankers.building_blocks.label_windows import WindowPlan, draw_users, known_side, label_windows
from movierec.rankers.building_blocks.search_space import Range, Space
from movierec.rankers.ease import EASE
from movierec.rankers.ials import IALS
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.recent_popularity import RecentPopularity
from movierec.rankers.slit import SLIT
from movierec.rankers.user_knn import UserKNN

log = logging.getLogger(__name__)

MEMBERS: tuple[type[Ranker], ...] = (EASE, SLIT, UserKNN, ItemKNN, IALS, RecentPopularity)
# Where no window can tell: good for the rest of a history, on inner windows of MovieLens 100K.
WEIGHTS = {"ease": 0.3, "slit": 1.0, "user_knn": 0.3, "item_knn": 0.1, "ials": 0.3, "recent_popularity": 0.0}
MIN_SPREAD = 1e-9  # of a user's scores: a member that scores all movies alike adds nothing
WINDOW_USERS = 1_000  # more would tell little more
WINDOW_SCORES = 8_000_000  # of users × movies and member: what bounds memory


class Blend(Ranker):
    """Sums the scores of six rankers, each standardised over the catalogue for every user, as their scales differ.

    The weights are found on a window of what is known that asks what will be asked (`windows`, see `label_windows`), by
    `ensemble_selection`, unless weights are given. A member that cannot be fitted is left out.

    Attributes:
        weights_: of the members, by name.
    """

    name = "blend"
    space: ClassVar[Space] = {kind.name: Range(0.0, 1.0) for kind in MEMBERS}
    weights_: dict[str, float]

    def __init__(
        self,
        *,
        ease: float | None = None,
        slit: float | None = None,
        user_knn: float | None = None,
        item_knn: float | None = None,
        ials: float | None = None,
        recent_popularity: float | None = None,
        windows: str = "time",
        seed: int = SEED,
    ) -> None:
        """Store weights, if any; a member without one then has none, and is not fitted."""
        self.ease = ease
        self.slit = slit
        self.user_knn = user_knn
        self.item_knn = item_knn
        self.ials = ials
        self.recent_popularity = recent_popularity
        self.windows = windows
        self.seed = seed

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        weights = self._given_weights() or self._learned_weights(dataset, features, fits)
        self.weights_ = {name: weight for name, weight in weights.items() if weight > 0} or {"ease": 1.0}
        unfitted = ((name, member) for name, member in self._unfitted() if name in self.weights_)
        self.members_, self.left_out_ = fit_together(unfitted, dataset, features, fits)

    def _given_weights(self) -> dict[str, float]:
        """Return the weights that were given, none if none was."""
        given = {kind.name: getattr(self, kind.name) for kind in MEMBERS}
        return {} if set(given.values()) == {None} else {name: weight or 0.0 for name, weight in given.items()}

    def _unfitted(self) -> Iterator[tuple[str, Ranker]]:
        for kind in MEMBERS:
            yield kind.name, SLIT(windows=self.windows) if kind is SLIT else kind()

    def _learned_weights(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> dict[str, float]:
        """Fit the members on what came before a window, and return the weights that order it best."""
        plan = WindowPlan(windows=self.windows, folds=1, seed=self.seed)
        plan.check_plan()
        window = next(label_windows(dataset.ratings, plan))
        answers = window.later[is_liked(window.later, dataset.relevant_from)]
        if window.known.empty or answers.empty:
            log.info("blend: there is nothing to learn weights from, so they are %s", WEIGHTS)
            return WEIGHTS
        # The same window as the first one of learned rankers, who take what was long in the making.
        members, _ = fit_together(self._unfitted(), *known_side(dataset, features, window.known), fits.sparing)
        history = next(iter(members.values())).history_
        most = min(WINDOW_USERS, max(1, WINDOW_SCORES // history.shape[1]))
        users = draw_users(history, answers, most, self.seed)
        relevant = np.zeros((len(users), history.shape[1]), bool)
        relevant[cells_of(answers, history.user_ids[users], history.movie_ids)] = True
        scores = {name: _standardise(member.scores(users)) for name, member in members.items()}
        weights = select(scores, history.seen[users].toarray() > 0, relevant, self.seed)
        if self.windows == "time":  # what other data sets say of this question counts as much
            weights = {name: (weight + WEIGHTS[name]) / 2 for name, weight in weights.items()}
        log.info("blend: %s on %d users of a window", weights, len(users))
        return weights

    @property
    def left_out(self) -> Mapping[str, str]:
        """Names of the members that could not be fitted, with the reasons in words."""
        return self.left_out_

    @property
    def builds_on(self) -> Mapping[str, Ranker]:
        """The members whose scores it adds up."""
        return self.members_

    def _fold_in(self, dataset: Dataset) -> None:
        self.members_ = {name: member.fold_in(dataset) for name, member in self.members_.items()}

    def scores(self, users: Ints) -> Floats:
        """Sum over the members."""
        total = np.zeros((len(users), self.training_history_.shape[1]), np.float32)
        for name, member in self.members_.items():
            total += np.float32(self.weights_[name]) * _standardise(member.scores(users))
        return total

    def contributions(self, users: Ints, sources: Sequence[Ints], targets: Sequence[Ints]) -> Iterator[Floats]:
        """Sum over the members, each divided by the spread of its scores for the user, as the scores are."""
        scales = [
            np.float32(self.weights_[name]) / np.maximum(member.scores(users).std(axis=1), MIN_SPREAD)
            for name, member in self.members_.items()
        ]
        by_member = [member.contributions(users, sources, targets) for member in self.members_.values()]
        for scale, contributions in zip(np.transpose(scales), zip(*by_member, strict=True), strict=True):
            yield np.asarray(np.tensordot(scale, np.stack(contributions), 1), np.float32)

    def _save(self, folder: UPath, with_history: bool) -> None:
        """Write the history, and each member to a folder of its own."""
        super()._save(folder, with_history)
        for name, member in self.members_.items():
            member.save(folder / name, with_history=False)

    def _to_arrays(self) -> Arrays:
        weights = np.array([self.weights_[name] for name in self.members_])
        return {"members": np.array(list(self.members_)), "weights": weights, **left_out_to_arrays(self.left_out_)}

    def _from_arrays(self, arrays: Arrays, folder: UPath) -> None:
        kinds = {kind.name: kind for kind in MEMBERS}
        names = [str(name) for name in arrays["members"]]
        self.members_ = {name: kinds[name].load(folder / name, self.training_history_) for name in names}
        # Earlier models were given their weights.
        given = [getattr(self, name) or 1.0 for name in names]
        self.weights_ = dict(zip(names, arrays["weights"].tolist() if "weights" in arrays else given, strict=True))
        self.left_out_ = left_out_from_arrays(arrays)


def _standardise(scores: Floats) -> Floats:
    mean, spread = scores.mean(axis=1, keepdims=True), scores.std(axis=1, keepdims=True)
    return np.asarray((scores - mean) / np.maximum(spread, MIN_SPREAD), np.float32)
