"""What somebody without a rating is shown: what people of their age and gender rate, else what everybody does."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.columns import USER
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.profiles import UNKNOWN_GROUP, groups

PRIOR_USERS = 50.0


@dataclass(frozen=True, eq=False)
class Newcomers:
    """Popularity by group of age and gender.

    Attributes:
        user_ids: everybody with a profile, ascending.
        groups: their groups (int64).
        shares: groups × movies: share of the group's users who rated the movie, shrunk to everybody's (float32).
    """

    user_ids: Ints
    groups: Ints
    shares: Floats

    @classmethod
    def of(cls, dataset: Dataset, history: History) -> Self:
        """Count who rated what; a group of n users weighs n / (n + 50) against everybody."""
        user_ids = dataset.users[USER].to_numpy(np.int64)
        group = groups(dataset.users, user_ids)
        of_raters = groups(dataset.users, history.user_ids)
        size = 1 + int(max(group.max(initial=0), of_raters.max(initial=0)))
        cells = of_raters[history.users] * history.shape[1] + history.movies
        counts = np.bincount(cells, minlength=size * history.shape[1]).reshape(size, -1)
        users = np.bincount(of_raters, minlength=size)[:, None]
        overall = history.counts / max(history.shape[0], 1)
        shares = (counts + PRIOR_USERS * overall) / (users + PRIOR_USERS)
        shares[UNKNOWN_GROUP] = overall
        return cls(user_ids, group, shares.astype(np.float32))

    def scores(self, users: Ints) -> Floats:
        """Score the catalogue for these user ids (users × movies)."""
        if not len(self.user_ids):
            return np.tile(self.shares[UNKNOWN_GROUP], (len(users), 1))
        places = np.minimum(np.searchsorted(self.user_ids, users), len(self.user_ids) - 1)
        return self.shares[np.where(self.user_ids[places] == users, self.groups[places], UNKNOWN_GROUP)]

    def arrays(self) -> Arrays:
        """Return what `of_arrays` takes."""
        return {f"newcomers.{name}": value for name, value in vars(self).items()}

    @classmethod
    def of_arrays(cls, arrays: Arrays) -> Self:
        """Take back what `arrays` gave."""
        return cls(*(arrays[f"newcomers.{name}"] for name in ("user_ids", "groups", "shares")))
