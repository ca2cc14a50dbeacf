"""How sure a mean over users is: the percentile bootstrap (Efron 1979), for many means at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from movierec.data.arrays import Doubles
from movierec.data.columns import USER
from movierec.errors import ModelError
from movierec.evaluation.metrics import K

DRAWS = 2_000  # samples of the users
LEVEL = 0.95  # share of samples within the interval
NORMAL_FROM = 10_000  # users from which on the normal distribution stands in for the draws
MAX_AT_ONCE = 4_000_000  # users × draws held in memory


@dataclass(frozen=True)
class Interval:
    """A mean over users, or of paired differences, and the bounds of its interval."""

    mean: float
    low: float
    high: float


def mean_interval(values: ArrayLike, draws: int = DRAWS, level: float = LEVEL, seed: int = 0) -> Interval:
    """Bound the mean of one value per user.

    Raises:
        ModelError: there are no values, or one is not a finite number.
    """
    return mean_intervals(pd.DataFrame({"values": check_values(values)}), draws, level, seed)["values"]


def mean_intervals(
    values: pd.DataFrame, draws: int = DRAWS, level: float = LEVEL, seed: int = 0
) -> dict[Any, Interval]:
    """Bound the mean of every column of values per user (rows); NaN is a user without a value and does not count.

    From `NORMAL_FROM` users on the bootstrap's limit stands in for it, the normal distribution with the variance
    s² / n: what that leaves out, the skewness, is then below the error of any few thousand draws.

    Returns:
        An interval per column; NaN where a column has no values.
    """
    table = values.to_numpy(np.float64)
    tails = [(1 - level) / 2, (1 + level) / 2]
    means, errors = moments(table)
    if len(table) >= NORMAL_FROM:
        bounds = means + np.outer([NormalDist().inv_cdf(tail) for tail in tails], errors)
    elif len(table):
        bounds = np.quantile(drawn_means(table, draws, seed), tails, axis=0)
    else:
        bounds = np.full((2, table.shape[1]), np.nan)
    rows = zip(values.columns, means, *bounds, strict=True)
    return {name: Interval(float(mean), float(low), float(high)) for name, mean, low, high in rows}


def mean_intervals_by_k(
    values: pd.DataFrame, ks: Sequence[int], metrics: Sequence[str]
) -> dict[tuple[int, str], Interval]:
    """Bound the means of per-user values (user_id, k, metrics) at every k, from the same samples of the users.

    Returns:
        An interval per (k, metric), in this order.
    """
    names = pd.MultiIndex.from_product([ks, metrics])
    wide = values.pivot(index=USER, columns=K, values=list(metrics)).swaplevel(axis=1).reindex(columns=names)
    return mean_intervals(wide)


def drawn_means(values: Doubles, draws: int, seed: int) -> Doubles:
    """Return the column means of `draws` samples of all users with replacement (draws × columns).

    A sample is a count per user, so the means of all columns are one product; a column's NaN count for nothing. A draw
    that holds no value of a column repeats the mean of all its values.
    """
    rng = np.random.default_rng(seed)
    size = len(values)
    has_value = np.isfinite(values)
    values_and_flags = np.hstack([np.where(has_value, values, 0), has_value])
    at_once = max(1, MAX_AT_ONCE // size)
    sums = np.concatenate(
        [_draw_counts(rng, min(at_once, draws - start), size) @ values_and_flags for start in range(0, draws, at_once)]
    )
    totals, numbers = np.hsplit(sums, 2)
    return np.where(numbers > 0, totals / np.maximum(numbers, 1), moments(values)[0])


def moments(values: Doubles) -> tuple[Doubles, Doubles]:
    """Return the mean of every column and its standard error (both columns, NaN for a column without values)."""
    has_value = np.isfinite(values)
    n = np.where(has_value.any(axis=0), has_value.sum(axis=0), np.nan)
    means = np.where(has_value, values, 0).sum(axis=0) / n
    variance = np.where(has_value, (values - means) ** 2, 0).sum(axis=0) / n
    return means, np.sqrt(variance / n)


def check_values(values: ArrayLike) -> Doubles:
    """Return the values of users as numbers.

    Raises:
        ModelError: there are none, or one is not a finite number.
    """
    numbers = np.asarray(values, np.float64)
    if numbers.ndim != 1 or not numbers.size or not np.isfinite(numbers).all():
        raise ModelError(f"values have the shape {numbers.shape}; allowed are one or more finite numbers, one per user")
    return numbers


def _draw_counts(rng: np.random.Generator, draws: int, size: int) -> Doubles:
    """Draw `size` users with replacement `draws` times, and count how often each was drawn (draws × size)."""
    drawn = rng.integers(size, size=(draws, size)) + size * np.arange(draws)[:, None]
    return np.bincount(drawn.ravel(), minlength=draws * size).reshape(draws, size).astype(np.float64)
