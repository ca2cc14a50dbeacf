"""What a user without a rating is shown: what people of their age and gender rate, else what everybody rates."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from movierec.artifacts import Arrays
from movierec.data.arrays import Floats, Ints
from movierec.data.columns import USER
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.features.profiles import UNKNOWN_GROUP, groups

PRIOR_USERS = 50.0  # who rate as everybody does, added to each group
PREFIX = "newcomers."  # of the names of saved arrays


@dataclass(frozen=True, eq=False)
class ColdStart:
    """Popularity by group of age and gender.

    Attributes:
        user_ids: of the users with a profile, ascending.
        groups: of these users (int64), `UNKNOWN_GROUP` where age and gender are unknown.
        shares: the share of a group's users who rated a movie, shrunk to everybody's (groups × movies, float32).
    """

    user_ids: Ints
    groups: Ints
    shares: Floats

    @classmethod
    def of(cls, dataset: Dataset, history: History) -> Self:
        """Count who rated what; a group of n users weighs n / (n + PRIOR_USERS) against everybody."""
        user_ids = dataset.users[USER].to_numpy(np.int64)
        group = groups(dataset.users, user_ids)
        rater_group = groups(dataset.users, history.user_ids)
        size = 1 + int(max(group.max(initial=0), rater_group.max(initial=0)))
        cells = rater_group[history.users] * history.shape[1] + history.movies
        counts = np.bincount(cells, minlength=size * history.shape[1]).reshape(size, -1)
        users = np.bincount(rater_group, minlength=size)[:, None]
        overall = history.counts / max(history.shape[0], 1)
        shares = (counts + PRIOR_USERS * overall) / (users + PRIOR_USERS)
        shares[UNKNOWN_GROUP] = overall
        return cls(user_ids, group, shares.astype(np.float32))

    def scores(self, users: Ints) -> Floats:
        """Score the catalogue for these user ids (users × movies, float32), known or not."""
        if not len(self.user_ids):
            return np.tile(self.shares[UNKNOWN_GROUP], (len(users), 1))
        positions = np.minimum(np.searchsorted(self.user_ids, users), len(self.user_ids) - 1)
        return self.shares[np.where(self.user_ids[positions] == users, self.groups[positions], UNKNOWN_GROUP)]

    def to_arrays(self) -> Arrays:
        """Return the arrays that `from_arrays` takes."""
        return {f"{PREFIX}{name}": value for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return the one whose `to_arrays` are among these; a KeyError says that one is missing."""
        return cls(*(arrays[f"{PREFIX}{name}"] for name in ("user_ids", "groups", "shares")))
