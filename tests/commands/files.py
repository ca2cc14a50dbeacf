"""Small files of ratings: people of two tastes, who rate over a year."""

from pathlib import Path

import numpy as np
import pandas as pd

FIRST_SECOND = 880_000_000
DAY = 86_400


def two_tastes(users: int = 30, movies: int = 24, each: int = 9, seed: int = 3) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return train and test rows; users of one taste rate even movies, the others odd ones."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(1, users + 1):
        own = [movie for movie in range(1, movies + 1) if movie % 2 == user % 2]
        for order, movie in enumerate(rng.permutation(own)[:each]):
            rating = 5 if order == each - 1 else int(rng.integers(3, 6))
            rows.append((user, movie, rating, FIRST_SECOND + DAY * (user + 10 * order), order))
    frame = pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "timestamp", "order"])
    is_known = frame.pop("order") < each - 3
    return frame[is_known], frame[~is_known]


def write(folder: Path, **frames: pd.DataFrame | str) -> list[str]:
    """Write NAME.csv for each, and return the options that name them."""
    words = []
    for name, frame in frames.items():
        path = folder / f"{name}.csv"
        path.write_text(frame if isinstance(frame, str) else frame.to_csv(index=False), encoding="utf-8")
        words += [f"--{name.replace('_', '-')}", str(path)]
    return words
