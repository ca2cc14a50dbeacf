"""What is popular now: the ranker to beat where lists serve the days to come."""

from typing import ClassVar

import numpy as np

from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.rankers.building_blocks.fits import Fits
from movierec.rankers.building_blocks.recency import Recency
from movierec.rankers.building_blocks.search_space import Choice, Space
from movierec.rankers.popularity import Popularity

DAYS = (7.0, 30.0, 90.0, 365.0)


class RecentPopularity(Popularity):
    """Sums the signal of the latest ratings over a slower prior, as `Recency` says.

    Without timestamps, or with one for all ratings, the window holds everything, and the order is that of `popularity`.

    Popularity of the last days beats many models on the next days (Ji et al., "A re-visit of the popularity baseline
    in recommender systems", SIGIR 2020).
    """

    name = "recent_popularity"
    space: ClassVar[Space] = {
        "window_days": Choice((None, *DAYS)),
        "half_life_days": Choice((None, *DAYS)),
        "prior_half_life_days": Choice((None, *DAYS[2:])),
        "max_raise": Choice((1.0, 2.0, 4.0)),
    }

    def __init__(
        self,
        window_days: float | None = Recency.window_days,
        half_life_days: float | None = Recency.half_life_days,
        prior_half_life_days: float | None = Recency.prior_half_life_days,
        prior_users: float = Recency.prior_users,
        max_raise: float = Recency.max_raise,
    ) -> None:
        """Store the hyper-parameters, which are those of `Recency`."""
        self.window_days = window_days
        self.half_life_days = half_life_days
        self.prior_half_life_days = prior_half_life_days
        self.prior_users = prior_users
        self.max_raise = max_raise

    def _fit(self, dataset: Dataset, features: MovieFeatures, fits: Fits) -> None:
        self.counts_ = Recency(**self.parameters()).counts(self.history_).astype(np.float32)
