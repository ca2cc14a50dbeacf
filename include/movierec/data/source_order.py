"""The order of ratings of one moment, as the rows of their source tell it."""

import numpy as np
import pandas as pd

from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE, RATED_AT, USER

SORTED_SHARE = 0.9  # of neighbours that rise, or fall, by movie: from there on the rows are sorted by it


def in_source_order(ratings: pd.DataFrame) -> pd.DataFrame:
    """Let each of a user's ratings of one moment be a microsecond later than the one in the row before it.

    Where a page is rated at once, or seconds are all that is kept, the rows of the log alone tell what came after what.
    Published leave-one-out figures go by them: the last two ratings of 70 % of the users of MovieLens 1M are of one
    second. Rows that are sorted by movie tell nothing; they stay as they are. No moment comes as late as the user's
    next one, so what was earlier stays earlier; ratings for which there is no room stay tied.

    Args:
        ratings: in the order of their source.

    Returns:
        The same rows in the same order.
    """
    users, movies = ratings[USER].to_numpy(), ratings[MOVIE].to_numpy()
    times = ratings[RATED_AT].to_numpy("datetime64[us]").astype(np.int64)
    order = np.lexsort((times, users))  # stable: rows of one moment stay in the order of the source
    users, movies, times = users[order], movies[order], times[order]
    same_user = users[1:] == users[:-1]
    is_tied = same_user & (times[1:] == times[:-1])
    rising = float((movies[1:] > movies[:-1])[is_tied].mean()) if is_tied.any() else 1.0
    if max(rising, 1 - rising) >= SORTED_SHARE:
        return ratings
    later = np.empty(len(times), np.int64)
    later[order] = _places_in_moment(is_tied, np.where(same_user, np.diff(times), np.iinfo(np.int64).max))
    return ratings.assign(**{RATED_AT: ratings[RATED_AT] + pd.to_timedelta(later, unit="us")})


def _places_in_moment(is_tied: np.ndarray, until_next: Ints) -> Ints:
    """Return how many rows of its moment come before each row, at most what there is room for until the next moment."""
    is_first = np.concatenate([[True], ~is_tied])
    firsts, group = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    lasts = np.concatenate([firsts[1:], [len(is_first)]]) - 1
    room = np.concatenate([until_next, [np.iinfo(np.int64).max]])[lasts]
    return np.asarray(np.minimum(np.arange(len(group)) - firsts[group], room[group] - 1), np.int64)
