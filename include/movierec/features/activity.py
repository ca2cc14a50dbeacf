"""Features of users from their histories: how much, how strictly, how widely and what lately they rate."""

import numpy as np
from numpy.typing import NDArray

from movierec.data.arrays import Doubles, Floats
from movierec.data.history import MICROSECONDS_A_DAY, History

RECENT_RATINGS = 10  # of a user, that tell what they watch lately
SESSION_RATINGS = 20  # of a user, that may be of one sitting


def of_users(history: History, traits: dict[str, Floats]) -> dict[str, Floats]:
    """Describe every user of a history.

    Args:
        history: what is known of the users.
        traits: numbers of the movies (year, log of popularity …), NaN where unknown.

    Returns:
        Float32 per user, NaN where unknown: activity, mean, spread and share of liked ratings, the span of time, and
        for each trait its mean over the whole history and over the `RECENT_RATINGS` last ratings, and its spread.
    """
    all_ratings = np.ones(len(history.users), bool)
    recent = history.recency < RECENT_RATINGS
    age = (history.now[history.users] - history.times) / MICROSECONDS_A_DAY
    features = {
        "user_count": np.log1p(np.bincount(history.users, minlength=history.shape[0])),
        "user_mean": history.user_means,
        "user_spread": _spread(history, history.ratings),
        "user_liked_share": _mean(history, history.liked.astype(np.float32), all_ratings),
        "user_recent_mean": _mean(history, history.ratings, recent),
        "user_span": np.log1p(_maximum(history, age)),
        "user_session_span": np.log1p(_maximum(history, np.where(history.recency < SESSION_RATINGS, age, 0))),
    }
    for name, values in traits.items():
        of_ratings = values[history.movies]
        features[f"user_{name}"] = _mean(history, of_ratings, all_ratings)
        features[f"user_{name}_recent"] = _mean(history, of_ratings, recent)
        features[f"user_{name}_spread"] = _spread(history, of_ratings)
    return {name: np.asarray(values, np.float32) for name, values in features.items()}


def _mean(history: History, values: Floats, is_used: NDArray[np.bool_]) -> Doubles:
    """Return the mean of each user's known values; NaN where none is used."""
    use = is_used & np.isfinite(values)
    users = history.shape[0]
    count = np.bincount(history.users[use], minlength=users)
    total = np.bincount(history.users[use], weights=values[use], minlength=users)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _spread(history: History, values: Floats) -> Doubles:
    """Return the standard deviation of each user's values."""
    everything = np.ones(len(values), bool)
    deviation = values - _mean(history, values, everything)[history.users]
    return np.sqrt(_mean(history, (deviation**2).astype(np.float32), everything))


def _maximum(history: History, values: Doubles) -> Doubles:
    maximum = np.zeros(history.shape[0])
    np.maximum.at(maximum, history.users, values)
    return maximum
