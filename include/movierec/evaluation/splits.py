"""Dividing ratings into what a ranker may know and what it is asked about."""

import numpy as np
import pandas as pd

from movierec.columns import RATED_AT, USER


def per_user_temporal(
    ratings: pd.DataFrame, test_share: float = 0.2, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold out the last `test_share` of every user's ratings, so each user is asked about their own future.

    Each user's rows are put in time order. Many rows of a user may carry one timestamp; they are ordered at random
    under `seed`, because any fixed order (by movie, say) would give the test rows something in common. A user with n
    rows keeps ceil(n · (1 - test_share)) of them, so a single rating is always known.

    Returns:
        The known rows and the test rows; together they are exactly `ratings`.
    """
    shuffled = ratings.sample(frac=1, random_state=seed)
    ordered = shuffled.sort_values([USER, RATED_AT], kind="stable")
    by_user = ordered.groupby(USER, sort=False)
    place = by_user.cumcount().to_numpy()
    size = by_user[USER].transform("size").to_numpy()
    # Rounded first: 10 · (1 - 0.2) must not become 8.000000000000002 and keep nine rows.
    known = place < np.ceil(np.round(size * (1 - test_share), 9))
    return ordered[known], ordered[~known]
