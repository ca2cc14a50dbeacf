"""The base rankers of the learned ones, fitted together on one history."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self

from upath import UPath

from movierec.config import Settings
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.fitting_together import fit_together
from movierec.rankers.building_blocks.label_windows import TunedParameters
from movierec.rankers.content import Content
from movierec.rankers.ease import EASE
from movierec.rankers.ials import IALS
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.neural.ranker import Neural
from movierec.rankers.popularity import Popularity
from movierec.rankers.recent_popularity import RecentPopularity
from movierec.rankers.reranking.nearby import Nearby
from movierec.rankers.slim import SLIM
from movierec.rankers.slit import SLIT
from movierec.rankers.user_knn import UserKNN

CLASSES: dict[str, type[Ranker]] = {
    "popularity": Popularity,
    "item_knn": ItemKNN,
    "nearby": Nearby,
    "user_knn": UserKNN,
    "ials": IALS,
    "ease": EASE,
    "ease_near": EASE,  # scores recent histories
    "slim": SLIM,
    "slit": SLIT,
    "content": Content,
    "recent_popularity": RecentPopularity,
    "neural": Neural,
}
# Smaller than these rankers are by themselves: a learned ranker fits all of them once per label window and once more.
PARAMETERS: dict[str, dict[str, Any]] = {
    "ease_near": {"regularisation": 400.0, "near_share": 0.6, "max_movies": 8_000},
    "slim": {"max_movies": 4_000},
}

NOT_TUNED: TunedParameters = {}

# What learns to answer one kind of question (`label_windows`).
WINDOW_RANKERS = ("slit", "neural")


def base_ranker_names() -> list[str]:
    """Return the names of those that are fitted: without networks where the neural ranker stays alone."""
    has_networks = Settings.from_env().neural == "yes"
    return [name for name in CLASSES if has_networks or name != "neural"]


@dataclass(frozen=True)
class BaseRankers:
    """One of each base ranker that could be fitted.

    Attributes:
        fitted: the rankers, by the names of `CLASSES` and in their order; at least one.
        left_out: names of the others, with the reasons in words.
    """

    fitted: Mapping[str, Ranker]
    left_out: Mapping[str, str]

    @classmethod
    def fit(
        cls,
        dataset: Dataset,
        features: MovieFeatures,
        fits: Fits,
        windows: str = "time",
        tuned: TunedParameters = NOT_TUNED,
    ) -> Self:
        """Fit all of them to be asked as `windows` says.

        They have the hyper-parameters of `tuned`, by their names, else the rankers' defaults, except for `PARAMETERS`.

        Raises:
            ModelError: none of them can be fitted.
        """
        asked = {name: {"windows": windows} for name in WINDOW_RANKERS}
        sources = (tuned, PARAMETERS, asked)
        unfitted = (
            (name, CLASSES[name](**{key: value for source in sources for key, value in source.get(name, {}).items()}))
            for name in base_ranker_names()
        )
        return cls(*fit_together(unfitted, dataset, features, fits))

    @classmethod
    def load(cls, folder: UPath, names: Collection[str], history: History, left_out: Mapping[str, str]) -> Self:
        """Read those of these names that `save` wrote; all share the history they were fitted on."""
        return cls({name: CLASSES[name].load(folder / name, history) for name in names}, left_out)

    def save(self, folder: UPath) -> None:
        """Write each to a folder of its own, without the history."""
        for name, ranker in self.fitted.items():
            ranker.save(folder / name, with_history=False)

    def fold_in(self, dataset: Dataset) -> Self:
        """Return the same rankers for the users of another dataset."""
        return type(self)({name: ranker.fold_in(dataset) for name, ranker in self.fitted.items()}, self.left_out)

    def without(self, left_out: Mapping[str, str]) -> Self:
        """Leave out some of them as well, by name with the reason."""
        fitted = {name: ranker for name, ranker in self.fitted.items() if name not in left_out}
        return type(self)(fitted, {**self.left_out, **left_out})

    def first_of(self, *names: str) -> Ranker:
        """Return the first of these that could be fitted, else any."""
        return next(self.fitted[name] for name in (*names, *self.fitted) if name in self.fitted)

    @property
    def history(self) -> History:
        """The history of the users who are recommended to."""
        return self.first_of().history_

    @property
    def training_history(self) -> History:
        """The history that they were fitted on."""
        return self.first_of().training_history_
