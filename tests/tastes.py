"""A dataset in memory in which every viewer likes one of four genres; `tests.movielens.generate` writes the like."""

import numpy as np
import pandas as pd

from movierec.data.dataset import Dataset

GENRES = np.array(["Action", "Comedy", "Drama", "Horror"])
START = pd.Timestamp("1998-01-01", tz="UTC")


def dataset(users: int = 120, movies: int = 90, each: int = 30, seed: int = 1) -> Dataset:
    """Draw what each viewer sees, mostly of their own genre and popular movies, and likes."""
    rng = np.random.default_rng(seed)
    genre = np.arange(movies) % len(GENRES)
    ratings = []
    for user in range(1, users + 1):
        own = genre == user % len(GENRES)
        taste = np.where(own, 6.0, 1.0) / np.sqrt(1 + np.arange(movies) / 10)
        seen = rng.choice(movies, size=each, replace=False, p=taste / taste.sum())
        stars = np.clip(rng.normal(np.where(own[seen], 4.5, 2.5), 0.7), 1, 5).astype(int)
        times = START + pd.to_timedelta(user * 1000 + np.arange(each), unit="s")
        frame = {"user_id": user, "movie_id": seen + 1, "rating": stars.astype(float), "rated_at": times}
        ratings.append(pd.DataFrame(frame))
    ids = np.arange(1, movies + 1)
    everybody = np.arange(1, users + 1)
    return Dataset.of(
        {
            "ratings": pd.concat(ratings),
            "movies": pd.DataFrame({"movie_id": ids, "title": [f"Movie {i}" for i in ids], "release_year": 1980}),
            "users": pd.DataFrame(
                {
                    "user_id": everybody,
                    "age": 18 + everybody % 50,
                    "gender": np.where(everybody % 2, "F", "M"),
                    "occupation": "other",
                }
            ),
            "genres": pd.DataFrame({"movie_id": ids, "genre": GENRES[genre]}),
        }
    )
