"""The inner window: the end of each history, held out while a network learns when to stop."""

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np

from movierec.data.cutoff import CUTOFF
from movierec.rankers.neural.histories import Floats, Histories, Ints

HELD_OUT_SHARE = 0.2  # of a history
USERS_AT_ONCE = 256
Score = Callable[[Histories], Floats]


class Window(NamedTuple):
    """Histories and what followed.

    Attributes:
        known: everybody's history up to the window.
        before: the histories of the users who liked something in the window.
        later: what these users rated in it.
    """

    known: Histories
    before: Histories
    later: Histories

    @classmethod
    def of(cls, histories: Histories, max_users: int, seed: int, is_next: bool) -> Self:
        """Hold out the last `HELD_OUT_SHARE` of every history, or its last rating alone.

        Of a user with n ratings ceil(n · (1 - HELD_OUT_SHARE)) stay, or n - 1, but never none.
        """
        histories = histories.shuffled(np.random.default_rng(seed))
        sizes = np.diff(histories.starts)
        kept = (
            np.maximum(sizes - 1, 1) if is_next else np.ceil(np.round(sizes * (1 - HELD_OUT_SHARE), 9)).astype(np.int64)
        )
        is_known = histories.positions < np.repeat(kept, sizes)
        known, later = histories.keep(is_known), histories.keep(~is_known)
        liked = np.bincount(later.users, later.liked, len(sizes)) > 0
        users = np.flatnonzero(liked)
        users = np.sort(np.random.default_rng(seed).permutation(users)[:max_users])
        return cls(known, known.of_users(users), later.of_users(users))

    @property
    def users(self) -> int:
        """How many users liked something in it."""
        return len(self.before.starts) - 1

    @property
    def is_usable(self) -> bool:
        """Tell whether there is anything to learn before it, and somebody to ask in it."""
        return self.users > 0 and bool(np.diff(self.known.starts).max() > 1)

    def ndcg(self, score: Score) -> float:
        """Return the mean NDCG@10 of these users, whose relevant movies are what they liked in the window."""
        values = [
            self._ndcg(np.arange(start, min(start + USERS_AT_ONCE, self.users)), score)
            for start in range(0, self.users, USERS_AT_ONCE)
        ]
        return float(np.concatenate(values).mean())

    def _ndcg(self, users: Ints, score: Score) -> Floats:
        before, later = self.before.of_users(users), self.later.of_users(users)
        scores = score(before)
        scores[before.users, before.movies] = -np.inf
        relevant = np.zeros(scores.shape, bool)
        relevant[later.users[later.liked], later.movies[later.liked]] = True
        best = np.argsort(-scores, axis=1, kind="stable")[:, :CUTOFF]
        gains = 1 / np.log2(np.arange(CUTOFF) + 2)
        found = np.take_along_axis(relevant, best, axis=1) @ gains[: best.shape[1]]
        ideal = np.cumsum(gains)[np.minimum(relevant.sum(axis=1), CUTOFF) - 1]
        return np.asarray(found / ideal, np.float32)
