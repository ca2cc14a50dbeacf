"""Whether one ranker is better than another, or was lucky with the users of the test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from movierec.data.arrays import Doubles
from movierec.errors import ModelError
from movierec.evaluation.bootstrap import (
    DRAWS,
    LEVEL,
    NORMAL_FROM,
    Interval,
    check_values,
    drawn_means,
    mean_interval,
    moments,
)


@dataclass(frozen=True)
class PairedComparison:
    """The best ranker minus another one: the interval of the mean paired difference, and how likely chance alone is.

    `p_value` is two-sided for this pair alone, `adjusted` is Holm's over all pairs of the comparison.
    """

    other: str
    difference: Interval
    p_value: float
    adjusted: float


def paired_bootstrap(
    challenger: ArrayLike, champion: ArrayLike, draws: int = DRAWS, level: float = LEVEL, seed: int = 0
) -> Interval:
    """Bound the mean of challenger minus champion by the percentile bootstrap over users (Efron 1979).

    Both hold one value per user, in the same order of users: pairing removes what makes users differ from one another.

    Raises:
        ModelError: the two are not of one length, or empty.
    """
    return mean_interval(_difference(challenger, champion), draws, level, seed)


def paired_p_value(challenger: ArrayLike, champion: ArrayLike, draws: int = DRAWS, seed: int = 0) -> float:
    """Return the two-sided p-value of the hypothesis that the mean paired difference is 0.

    The differences are shifted to a mean of 0 and users drawn with replacement; the p-value is the share of draws whose
    mean is at least as far from 0 as the one seen, counting the seen one as a draw so that it is never 0 (Efron &
    Tibshirani 1993, section 16.4; Davison & Hinkley 1997, section 4.2). 1 where no user differs. From `NORMAL_FROM`
    users on the draws' limit is used, the normal distribution.

    Raises:
        ModelError: the two are not of one length, or empty.
    """
    difference = _difference(challenger, champion)
    mean, error = (float(value[0]) for value in moments(difference[:, None]))
    if len(difference) >= NORMAL_FROM:
        return 2 * NormalDist().cdf(-abs(mean) / error) if error else float(mean == 0)
    means = drawn_means((difference - mean)[:, None], draws, seed)
    # Rounding may leave a tied mean a hair below.
    return float((1 + (np.abs(means) >= abs(mean) * (1 - 1e-9)).sum()) / (1 + draws))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust the p-values of several tests so that rejecting those up to α errs at all with probability α at most.

    The i-th smallest of m is multiplied by m - i + 1, made no smaller than the one before and at most 1 (Holm, "A
    simple sequentially rejective multiple test procedure", 1979).

    Raises:
        ModelError: a p-value is not in 0 to 1.
    """
    values = np.asarray(p_values, np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise ModelError(f"p-values are {list(p_values)}; allowed are numbers from 0 to 1")
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(steps, 1)
    return [float(value) for value in adjusted]


def compare_with_best(
    values: Mapping[str, ArrayLike], best: str, draws: int = DRAWS, seed: int = 0
) -> list[PairedComparison]:
    """Compare one ranker with all others, user by user, at a family-wise level (Holm).

    Choosing the best by the same values favours it; a comparison to decide on is made on users or rows that did not
    choose.

    Args:
        values: one value per user for every ranker, in the same order of users.
        best: whom to compare.
        draws: bootstrap samples.
        seed: of the samples.

    Raises:
        ModelError: `best` has no values, or values do not pair up.
    """
    if best not in values:
        raise ModelError(f"there are no values of ranker '{best}'; allowed are {', '.join(values)}")
    others = [name for name in values if name != best]
    p_values = [paired_p_value(values[best], values[name], draws, seed) for name in others]
    intervals = [paired_bootstrap(values[best], values[name], draws, seed=seed) for name in others]
    return [PairedComparison(*row) for row in zip(others, intervals, p_values, holm(p_values), strict=True)]


def _difference(challenger: ArrayLike, champion: ArrayLike) -> Doubles:
    first, second = np.asarray(challenger, np.float64), np.asarray(champion, np.float64)
    if first.shape != second.shape or first.size == 0:
        raise ModelError(
            f"paired values have the shapes {first.shape} and {second.shape}; allowed is one per user in both"
        )
    return check_values(first - second)
