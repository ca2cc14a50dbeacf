"""Two tastes: users 1–20 rate the even movies, users 21–40 the odd ones, each at their own pace."""

import numpy as np
import pandas as pd
import pytest

from movierec.data.dataset import Dataset, empty
from movierec.features.content import MovieFeatures

MOVIES = 30
USERS = 40
START = pd.Timestamp("1998-01-01", tz="UTC")


def two_tastes() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    rows = []
    for user in range(1, USERS + 1):
        own = [movie for movie in range(1, MOVIES + 1) if movie % 2 == (user > USERS // 2)]
        for day, movie in enumerate(rng.permutation(own)[:10]):
            rows.append((user, movie, 5.0 if movie % 3 else 3.0, START + pd.Timedelta(days=user + day)))
    return pd.DataFrame(rows, columns=["user_id", "movie_id", "rating", "rated_at"])


def with_movies(ratings: pd.DataFrame) -> Dataset:
    ids = np.arange(1, MOVIES + 1)
    return Dataset(
        ratings=ratings,
        movies=pd.DataFrame({"movie_id": ids, "title": [f"Film {i}" for i in ids], "release_year": 1960 + ids}),
        users=pd.DataFrame(
            {
                "user_id": range(1, USERS + 1),
                "age": pd.array([30, pd.NA] * (USERS // 2), dtype="Int64"),
                "gender": ["F", "M"] * (USERS // 2),
                "occupation": "other",
            }
        ),
        genres=pd.DataFrame({"movie_id": ids, "genre": np.where(ids % 2, "Drama", "Comedy")}),
        people=pd.DataFrame({"movie_id": ids, "person_id": "p" + pd.Series(ids // 5).astype(str), "role": "director"}),
        countries=pd.DataFrame({"movie_id": ids, "country": "France"}),
    )


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return with_movies(two_tastes())


@pytest.fixture(scope="session")
def features(dataset: Dataset) -> MovieFeatures:
    return MovieFeatures.build(dataset)


@pytest.fixture(scope="session")
def bare(dataset: Dataset) -> Dataset:
    """Ratings and movies, and nothing known about anyone."""
    nothing = {table: empty(table) for table in ("users", "genres", "people", "countries")}
    return Dataset(ratings=dataset.ratings, movies=dataset.movies, **nothing)
