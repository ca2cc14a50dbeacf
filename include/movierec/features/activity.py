"""What a user's history says about the user: how much, how strictly, how widely and lately what."""

import numpy as np
from numpy.typing import NDArray

from movierec.data.arrays import Floats
from movierec.data.history import MICROSECONDS_A_DAY, History

RECENT = 10
SESSION = 20


def of_users(history: History, traits: dict[str, Floats]) -> dict[str, Floats]:
    """Describe every user of a history.

    Args:
        history: what is known of the users.
        traits: numbers of the movies (year, log of popularity …), NaN where unknown.

    Returns:
        Float32 per user, NaN where unknown: activity, mean, spread and share of liked ratings, the span of time, and
        for each trait its mean over the whole history and over the `RECENT` last ratings, and its spread.
    """
    everything = np.ones(len(history.users), bool)
    recent = history.recency < RECENT
    age = (history.now[history.users] - history.times) / MICROSECONDS_A_DAY
    features = {
        "user_count": np.log1p(np.bincount(history.users, minlength=history.shape[0])),
        "user_mean": history.user_means,
        "user_spread": _spread(history, history.ratings),
        "user_liked_share": _mean(history, history.liked.astype(np.float32), everything),
        "user_recent_mean": _mean(history, history.ratings, recent),
        "user_span": np.log1p(_longest(history, age)),
        "user_session_span": np.log1p(_longest(history, np.where(history.recency < SESSION, age, 0))),
    }
    for name, values in traits.items():
        of_ratings = values[history.movies]
        features[f"user_{name}"] = _mean(history, of_ratings, everything)
        features[f"user_{name}_recent"] = _mean(history, of_ratings, recent)
        features[f"user_{name}_spread"] = _spread(history, of_ratings)
    return {name: np.asarray(values, np.float32) for name, values in features.items()}


def _mean(history: History, values: Floats, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    use = chosen & np.isfinite(values)
    users = history.shape[0]
    count = np.bincount(history.users[use], minlength=users)
    total = np.bincount(history.users[use], weights=values[use], minlength=users)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _spread(history: History, values: Floats) -> NDArray[np.float64]:
    """Return the standard deviation of each user's values."""
    everything = np.ones(len(values), bool)
    off = values - _mean(history, values, everything)[history.users]
    return np.sqrt(_mean(history, (off**2).astype(np.float32), everything))


def _longest(history: History, values: NDArray[np.float64]) -> NDArray[np.float64]:
    longest = np.zeros(history.shape[0])
    np.maximum.at(longest, history.users, values)
    return longest
