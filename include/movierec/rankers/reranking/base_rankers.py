"""The base rankers of the learned ones, fitted together on one history."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from upath import UPath

from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker
from movierec.rankers.content import Content
from movierec.rankers.ease import Ease
from movierec.rankers.ials import IALS
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.nearby import Nearby
from movierec.rankers.popularity import Popularity
from movierec.rankers.slim import Slim
from movierec.rankers.slit import Slit
from movierec.rankers.together import fit_together
from movierec.rankers.user_knn import UserKNN

KINDS: dict[str, type[Ranker]] = {
    "popularity": Popularity,
    "item_knn": ItemKNN,
    "nearby": Nearby,
    "user_knn": UserKNN,
    "ials": IALS,
    "ease": Ease,
    "ease_near": Ease,  # the one that recent histories are put to
    "slim": Slim,
    "slit": Slit,
    "content": Content,
}
# Smaller than they may be by themselves: three first stages are fitted for one learned ranker.
PARAMETERS: dict[str, dict[str, Any]] = {
    "ease_near": {"regularisation": 400.0, "near_share": 0.6, "max_movies": 8_000},
    "slim": {"max_movies": 4_000},
}


@dataclass(frozen=True)
class Bases:
    """One of each base ranker that could be fitted, by the names of `KINDS` and in their order.

    Attributes:
        fitted: the rankers; at least one.
        left_out: why the others are not among them, in words.
    """

    fitted: Mapping[str, Ranker]
    left_out: Mapping[str, str]

    @classmethod
    def fit(cls, dataset: Dataset, features: MovieFeatures) -> Self:
        """Fit all of them, with their own defaults but for `PARAMETERS`.

        Raises:
            ModelError: none of them can be fitted.
        """
        unfitted = ((name, kind(**PARAMETERS.get(name, {}))) for name, kind in KINDS.items())
        return cls(*fit_together(unfitted, dataset, features))

    @classmethod
    def load(cls, folder: UPath, history: History, left_out: Mapping[str, str]) -> Self:
        """Read what `save` wrote; all share the history they were fitted on."""
        names = [name for name in KINDS if name not in left_out]
        return cls({name: KINDS[name].load(folder / name, history) for name in names}, left_out)

    def save(self, folder: UPath) -> None:
        """Write each to a folder of its own, without the history."""
        for name, ranker in self.fitted.items():
            ranker.save(folder / name, with_history=False)

    def fold_in(self, dataset: Dataset) -> Self:
        """Return the same rankers for the users of another dataset."""
        return type(self)({name: ranker.fold_in(dataset) for name, ranker in self.fitted.items()}, self.left_out)

    def without(self, left_out: Mapping[str, str]) -> Self:
        """Leave out further ones, with these reasons."""
        fitted = {name: ranker for name, ranker in self.fitted.items() if name not in left_out}
        return type(self)(fitted, {**self.left_out, **left_out})

    def first_of(self, names: Collection[str]) -> Ranker:
        """Return the first of these that is there, else any."""
        return next(self.fitted[name] for name in (*names, *self.fitted) if name in self.fitted)

    @property
    def history(self) -> History:
        """The history of those who are recommended to."""
        return self.first_of(()).history_

    @property
    def learned_from(self) -> History:
        """The history that was learned from."""
        return self.first_of(()).fitted_
