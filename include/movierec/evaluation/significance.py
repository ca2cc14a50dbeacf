"""Whether one ranker is better than another, or was lucky with these users."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from movierec.errors import ModelError

DRAWS_AT_ONCE = 200


@dataclass(frozen=True)
class Interval:
    """The mean paired difference and the bounds of its interval."""

    mean: float
    low: float
    high: float


def paired_bootstrap(
    challenger: ArrayLike, champion: ArrayLike, draws: int = 2_000, level: float = 0.95, seed: int = 0
) -> Interval:
    """Bound the mean of challenger minus champion by the percentile bootstrap over users (Efron 1979).

    Both hold one value per user, in the same order of users: pairing removes what makes users differ from one another.

    Raises:
        ModelError: the two are not of one length, or empty.
    """
    difference = _difference(np.asarray(challenger, np.float64), np.asarray(champion, np.float64))
    rng = np.random.default_rng(seed)
    size = len(difference)
    batches = [min(DRAWS_AT_ONCE, draws - start) for start in range(0, draws, DRAWS_AT_ONCE)]
    means = [difference[rng.integers(size, size=(batch, size))].mean(axis=1) for batch in batches]
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(difference.mean()), float(low), float(high))


def _difference(
    challenger: NDArray[np.float64],
    champion: NDArray[np.float64],
) -> NDArray[np.float64]:
    if challenger.shape != champion.shape or challenger.size == 0:
        raise ModelError(
            f"paired values have the shapes {challenger.shape} and {champion.shape}; allowed is one per user in both"
        )
    return challenger - champion
