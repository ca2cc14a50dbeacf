"""The base rankers of the learned ones, fitted together on one history."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from upath import UPath

from movierec.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.features.history import History
from movierec.rankers.base import Ranker
from movierec.rankers.content import Content
from movierec.rankers.ease import Ease
from movierec.rankers.ials import IALS
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.nearby import Nearby
from movierec.rankers.popularity import Popularity
from movierec.rankers.slim import Slim
from movierec.rankers.slit import Slit
from movierec.rankers.user_knn import UserKNN


@dataclass(frozen=True)
class Bases:
    """One of each base ranker; `ease_near` is the EASE that recent histories are put to."""

    popularity: Popularity
    item_knn: ItemKNN
    nearby: Nearby
    user_knn: UserKNN
    ials: IALS
    ease: Ease
    ease_near: Ease
    slim: Slim
    slit: Slit
    content: Content

    @classmethod
    def fit(cls, dataset: Dataset, features: MovieFeatures) -> Self:
        """Fit all of them, with their own defaults but for `PARAMETERS`."""
        return cls._of({name: kind(**PARAMETERS.get(name, {})).fit(dataset, features) for name, kind in KINDS.items()})

    @classmethod
    def load(cls, folder: UPath, history: History) -> Self:
        """Read what `save` wrote; all share the history they were fitted on."""
        return cls._of({name: kind.load(folder / name, history) for name, kind in KINDS.items()})

    @classmethod
    def _of(cls, rankers: Mapping[str, Any]) -> Self:
        return cls(**rankers)

    def save(self, folder: UPath) -> None:
        """Write each to a folder of its own, without the history."""
        for name, ranker in self.named().items():
            ranker.save(folder / name, with_history=False)

    def fold_in(self, dataset: Dataset) -> Self:
        """Return the same rankers for the users of another dataset."""
        return self._of({name: ranker.fold_in(dataset) for name, ranker in self.named().items()})

    def named(self) -> dict[str, Ranker]:
        """Return them by name, in a fixed order."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


KINDS: dict[str, type[Ranker]] = {field.name: field.type for field in fields(Bases)}  # type: ignore[misc]
# Smaller than they may be by themselves: three first stages are fitted for one learned ranker.
PARAMETERS: dict[str, dict[str, Any]] = {
    "ease_near": {"regularisation": 500.0, "near_share": 0.5, "max_movies": 8_000},
    "slim": {"max_movies": 4_000},
}
