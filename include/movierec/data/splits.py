"""Dividing ratings into what a ranker may know and what it is evaluated on.

Every split is exact: its parts are disjoint and together hold the rows of `ratings` (`strong_generalisation` and
`leave_one_out_global` say what they leave out), with the index of `ratings`, so that a row can be traced back.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE, RATED_AT, USER
from movierec.errors import ModelError

HELD_OUT_USERS = 0.2  # share of the users, under strong generalisation


def per_user_temporal(
    ratings: pd.DataFrame, test_share: float = 0.2, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold out the last `test_share` of every user's ratings, so that each user is evaluated on their own future.

    Each user's rows are put in time order. Many rows of a user may carry one timestamp; they are ordered at random
    under `seed`, because any fixed order (by movie, say) would give the test rows something in common. A user with n
    rows keeps ceil(n · (1 - test_share)) of them, so a single rating is always known.

    Returns:
        The known rows and the test rows; together they are exactly `ratings`.

    Raises:
        ModelError: the share is not between 0 and 1.
    """
    _check_share("test_share", test_share)
    ordered = _in_time_order(ratings, seed)
    position, size = _position_and_size(ordered[USER])
    # Rounded first: 10 · (1 - 0.2) must not become 8.000000000000002 and keep nine rows.
    known = position < np.ceil(np.round(size * (1 - test_share), 9))
    return ordered[known], ordered[~known]


def global_temporal(ratings: pd.DataFrame, test_share: float = 0.2) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cut everybody's ratings at one moment, so that no known row is later than a test row.

    The moment is the earliest one that leaves at most `test_share` of the rows after it: rows of one moment stay on
    one side, the known one. Users may be on one side only.

    Returns:
        The known rows, up to and with the moment, and the test rows; the test may be empty where everything is tied.

    Raises:
        ModelError: the share is not between 0 and 1.
    """
    _check_share("test_share", test_share)
    times = np.sort(ratings[RATED_AT].to_numpy())
    size = int(np.ceil(np.round(len(times) * (1 - test_share), 9)))
    known = ratings[RATED_AT].to_numpy() <= times[max(size, 1) - 1] if len(times) else np.zeros(0, np.bool_)
    return ratings[known], ratings[~known]


def leave_one_out(ratings: pd.DataFrame, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold out the last rating of every user who has two or more; what others rated later is known all the same.

    This is how sequential recommenders are compared (Kang & McAuley, "Self-attentive sequential recommendation", ICDM
    2018). A user's ties in time are broken at random under `seed`. The model may know what happened after the rating
    that it is asked for; `leave_one_out_global` asks the same question without that.

    Returns:
        The known rows and the test rows; together they are exactly `ratings`.
    """
    known, test = last_ratings(ratings, 1, seed)
    return known, test


def last_ratings(ratings: pd.DataFrame, number: int, seed: int = 0) -> tuple[pd.DataFrame, ...]:
    """Hold out the last `number` ratings of every user one by one; the first rating of a user is always known.

    A user's ties in time are broken at random under `seed`.

    Returns:
        The known rows; then one frame for each rating held out, the last ratings of all users in the last one. Of users
        with fewer ratings the first of these frames hold nothing. Together they are exactly `ratings`.
    """
    ordered = _in_time_order(ratings, seed)
    position, size = _position_and_size(ordered[USER])
    from_the_end = np.where(position > 0, size - position, number + 1)
    is_known = from_the_end > number
    return ordered[is_known], *(ordered[from_the_end == each] for each in range(number, 0, -1))


def leave_one_out_global(
    ratings: pd.DataFrame, test_share: float = 0.2, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Hold out the last rating of those who were there last, and let nobody's later ratings into what is learned.

    The moment is the earliest one after which at most `test_share` of the users rated for the last time, or where the
    latest are tied and more than that, the one before theirs. Models learn from what everybody rated up to it; a user
    of the test is shown with all their own ratings but the last. So no row that is learned from is as late as a row
    that is asked for (Ji et al., "A critical study on data leakage in recommender system offline evaluation", TOIS
    2023).

    Returns:
        The rows to learn from; the rows to fold in, of users of the test alone, which repeat some of the first; and
        the test rows, one per user. Others' ratings after the moment are in none of them.

    Raises:
        ModelError: the share is not between 0 and 1.
    """
    _check_share("test_share", test_share)
    ordered = _in_time_order(ratings, seed)
    position, size = _position_and_size(ordered[USER])
    times, is_last = ordered[RATED_AT].to_numpy(), position == size - 1
    last_times = np.sort(times[is_last])
    number_known = int(np.ceil(np.round(len(last_times) * (1 - test_share), 9)))
    candidates = last_times[max(number_known, 1) - 1 :: -1]
    before_the_last = candidates[candidates < last_times[-1:]]
    is_late = times > before_the_last[0] if len(before_the_last) else np.zeros(len(times), np.bool_)
    test = ordered[is_last & is_late]
    fold_in = ordered[~is_last & ordered[USER].isin(test[USER]).to_numpy()]
    return ordered[~is_late], fold_in, test


def random_split(
    ratings: pd.DataFrame, shares: Sequence[float] = (0.8, 0.1, 0.1), seed: int = 0
) -> tuple[pd.DataFrame, ...]:
    """Divide every user's ratings at random in the ratio of `shares`, by the counts of RecBole's default.

    Of a user's n rows each part but the first gets floor(share · n), the first gets the others. Where share · n is
    below 1 the part gets one row from the first, the last part before the others, as long as the first has more than
    one (RecBole 1.2, `Dataset._calcu_split_ids`; Zhao et al., CIKM 2021).

    Returns:
        One frame per share: the known rows, then validation and test rows for three shares.

    Raises:
        ModelError: there are fewer than two shares, or one is not above 0.
    """
    if len(shares) < 2 or min(shares) <= 0:  # noqa: PLR2004
        raise ModelError(f"shares are {tuple(shares)}; allowed are two or more numbers above 0")
    ordered = ratings.sample(frac=1, random_state=seed).sort_values(USER, kind="stable")
    position, size = _position_and_size(ordered[USER])
    borders = np.cumsum(part_sizes(size, shares), axis=1)
    part = (position[:, None] >= borders).sum(axis=1)
    return tuple(ordered[part == number] for number in range(len(shares)))


def k_core(ratings: pd.DataFrame, k: int) -> pd.DataFrame:
    """Return the ratings of users and movies that have at least `k` ratings each among those that are returned."""
    while True:
        counts = [ratings.groupby(column)[column].transform("size") for column in (USER, MOVIE)]
        is_kept = (counts[0] >= k) & (counts[1] >= k)
        if is_kept.all():
            return ratings
        ratings = ratings[is_kept]


def part_sizes(totals: Ints, shares: Sequence[float]) -> Ints:
    """Return how many of each user's `totals` rows go to each part of `random_split` (users × shares)."""
    ratios = [share / sum(shares) for share in shares]
    sizes = np.stack([(ratio * totals).astype(np.int64) for ratio in ratios], axis=1)
    sizes[:, 0] = totals - sizes[:, 1:].sum(axis=1)
    for part in range(len(shares) - 1, 0, -1):
        needy = (sizes[:, 0] > 1) & (ratios[part] * totals < 1)
        sizes[needy, part] += 1
        sizes[needy, 0] -= 1
    return sizes


def number_of_held_out_users(ratings: pd.DataFrame) -> int:
    """Return how many users are held out whole where nobody says otherwise: `HELD_OUT_USERS` of them, at least one."""
    return max(1, round(ratings[USER].nunique() * HELD_OUT_USERS))


def strong_generalisation(
    ratings: pd.DataFrame, held_out_users: int, fold_in_share: float = 0.8, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Hold out whole users: a ranker learns from the others, is shown a part of theirs and evaluated on the rest.

    Of a held-out user's n rows ceil(fold_in_share · n) are shown, chosen at random, but never all of two or more
    (Liang et al., "Variational autoencoders for collaborative filtering", WWW 2018; their code keeps movies of the
    training users only, as do we: rows of movies that nobody else rated are left out).

    Returns:
        The rows to learn from, the rows to fold in and the test rows; users of the last two are not in the first.

    Raises:
        ModelError: the number of users leaves none to learn from or none to evaluate on, or the share is not in 0 to 1.
    """
    _check_share("fold_in_share", fold_in_share)
    users = np.unique(ratings[USER].to_numpy())
    if not 0 < held_out_users < len(users):
        raise ModelError(f"held_out_users is {held_out_users}; allowed is 1 to {len(users) - 1} of {len(users)} users")
    held_out = np.random.default_rng(seed).choice(users, held_out_users, replace=False)
    is_held_out = np.isin(ratings[USER].to_numpy(), held_out)
    train = ratings[~is_held_out]
    others = ratings[is_held_out & ratings[MOVIE].isin(train[MOVIE].unique()).to_numpy()]
    ordered = others.sample(frac=1, random_state=seed).sort_values(USER, kind="stable")
    position, size = _position_and_size(ordered[USER])
    shown = np.ceil(np.round(size * fold_in_share, 9))
    is_shown = position < np.where(size > 1, np.minimum(shown, size - 1), 1)
    return train, ordered[is_shown], ordered[~is_shown]


def _in_time_order(ratings: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Put every user's rows in time order, those of one moment in an order that `seed` settles."""
    return ratings.sample(frac=1, random_state=seed).sort_values([USER, RATED_AT], kind="stable")


def _position_and_size(users: pd.Series) -> tuple[Ints, Ints]:
    """Number each row within its user from 0, and count the user's rows."""
    by_user = users.groupby(users, sort=False)
    position, size = by_user.cumcount(), by_user.transform("size")
    return np.asarray(position, np.int64), np.asarray(size, np.int64)


def _check_share(name: str, share: float) -> None:
    if not 0 < share < 1:
        raise ModelError(f"{name} is {share}; allowed is a number between 0 and 1")
