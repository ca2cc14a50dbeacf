"""A blend: the weighted sum of the scores of several rankers; learned rankers must be better than it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import numpy as np
from upath import UPath

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker
from movierec.rankers.ease import EASE
from movierec.rankers.fits import Fits
from movierec.rankers.ials import IALS
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.search_space import Range, Space
from movierec.rankers.slit import SLIT
from movierec.rankers.together import fit_together, left_out_from_arrays, left_out_to_arrays
from movierec.rankers.user_knn import UserKNN

MEMBERS: tuple[type[Ranker], ...] = (EASE, SLIT, UserKNN, ItemKNN, IALS)
MIN_SPREAD = 1e-9  # of a user's scores: a member that scores all movies alike adds nothing


class Blend(Ranker):
    """Sums the scores of five rankers, each standardised over the catalogue for every user, as their scales differ.

    A member that cannot be fitted is left out.
    """

    name = "blend"
    space: ClassVar[Space] = {kind.name: Range(0.0, 1.0) for kind in MEMBERS}

    def __init__(
        self, *, ease: float = 0.3, slit: float = 1.0, user_knn: float = 0.3, item_knn: float = 0.1, ials: float = 0.3
    ) -> None:
        """Store the weight of each member; one of weight 0 is not fitted."""
        self.ease = ease
        self.slit = slit
        self.user_knn = user_knn
        self.item_knn = item_knn
        self.ials = ials

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        unfitted = ((kind.name, kind()) for kind in self._member_classes())
        self.members_, self.left_out_ = fit_together(unfitted, dataset, features, fits)

    def _member_classes(self) -> list[type[Ranker]]:
        """Return the members with a weight; without any the blend is EASE."""
        return [kind for kind in MEMBERS if getattr(self, kind.name) > 0] or [EASE]

    @property
    def left_out(self) -> Mapping[str, str]:
        """Names of the members that could not be fitted, with the reasons in words."""
        return self.left_out_

    def _fold_in(self, dataset: Dataset) -> None:
        self.members_ = {name: member.fold_in(dataset) for name, member in self.members_.items()}

    def scores(self, users: Ints) -> Floats:
        """Sum over the members."""
        total = np.zeros((len(users), self.training_history_.shape[1]), np.float32)
        for name, member in self.members_.items():
            total += np.float32(getattr(self, name) or 1) * _standardise(member.scores(users))
        return total

    def contributions(self, users: Ints, sources: Sequence[Ints], targets: Sequence[Ints]) -> Iterator[Floats]:
        """Sum over the members, each divided by the spread of its scores for the user, as the scores are."""
        scales = [
            np.float32(getattr(self, name) or 1) / np.maximum(member.scores(users).std(axis=1), MIN_SPREAD)
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
        return {"members": np.array(list(self.members_)), **left_out_to_arrays(self.left_out_)}

    def _from_arrays(self, arrays: Arrays, folder: UPath) -> None:
        kinds = {kind.name: kind for kind in MEMBERS}
        names = [str(name) for name in arrays["members"]]
        self.members_ = {name: kinds[name].load(folder / name, self.training_history_) for name in names}
        self.left_out_ = left_out_from_arrays(arrays)


def _standardise(scores: Floats) -> Floats:
    mean, spread = scores.mean(axis=1, keepdims=True), scores.std(axis=1, keepdims=True)
    return np.asarray((scores - mean) / np.maximum(spread, MIN_SPREAD), np.float32)
