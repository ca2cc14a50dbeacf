"""Random lists and tests of many shapes, and the one by hand that the cases are worked out on."""

import numpy as np
import pandas as pd

# User 1 likes 10, 20 and 30, user 2 likes 10, user 3 likes nothing, user 4 gets no list.
TEST = pd.DataFrame(
    [(1, 10, 5.0), (1, 20, 4.0), (1, 30, 4.0), (1, 40, 3.0), (2, 10, 4.0), (3, 10, 3.5), (4, 10, 5.0)],
    columns=["user_id", "movie_id", "rating"],
)
LISTS = pd.DataFrame(
    [(1, 10, 1), (1, 40, 2), (1, 20, 3), (1, 30, 4), (2, 20, 1), (2, 10, 2), (2, 50, 3), (3, 60, 1)],
    columns=["user_id", "movie_id", "rank"],
)


def random_lists(seed: int, users: int = 40, movies: int = 60, longest: int = 25) -> pd.DataFrame:
    """Give users lists of 1 to `longest` movies in descending order of a score."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in rng.permutation(users):
        shown = rng.choice(movies, rng.integers(1, longest + 1), replace=False)
        rows += [(user, movie, 1 / rank, rank) for rank, movie in enumerate(shown, 1)]
    return pd.DataFrame(rows, columns=["user_id", "movie_id", "score", "rank"])


def random_test(seed: int, users: int = 40, movies: int = 60) -> pd.DataFrame:
    """Rate up to 30 movies for each user, some of whom like none."""
    rng = np.random.default_rng(seed + 1_000)
    pairs = [(user, movie) for user in range(users) for movie in rng.choice(movies, rng.integers(1, 31), replace=False)]
    frame = pd.DataFrame(pairs, columns=["user_id", "movie_id"])
    return frame.assign(rating=rng.integers(1, 6, len(frame)).astype(float))
