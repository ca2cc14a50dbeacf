"""`python -m movierec.local.kernels`: compile every kernel ahead, so that the first night's tasks need not.

numba compiles a function when it is first called with arguments of some types, and keeps the machine code beside the
module. Fitting every ranker on a handful of made-up ratings calls all of them with the types that a night uses.
"""

import os
import sys
import time

import numpy as np
import pandas as pd

from movierec.data.dataset import Dataset
from movierec.features.content import MovieFeatures
from movierec.rankers import registry

USERS, MOVIES, RATINGS_EACH = 40, 60, 20
START = pd.Timestamp("2000-01-01", tz="UTC")


def compile_kernels() -> None:
    """Fit every ranker that has kernels and let it recommend."""
    dataset = made_up_dataset()
    features = MovieFeatures.build(dataset)
    for name in (name for name in registry.RANKERS if name != "neural"):
        registry.create(name).fit(dataset, features).recommend(range(1, USERS + 1), 10)


def made_up_dataset() -> Dataset:
    """Return ratings of movies that everybody watched in an order of their own."""
    rng = np.random.default_rng(0)
    movies = np.arange(1, MOVIES + 1)
    watched = [rng.permutation(movies)[:RATINGS_EACH] for _ in range(USERS)]
    ratings = pd.DataFrame(
        {
            "user_id": np.repeat(np.arange(1, USERS + 1), RATINGS_EACH),
            "movie_id": np.concatenate(watched),
            "rating": rng.integers(1, 6, USERS * RATINGS_EACH).astype(float),
            "rated_at": START + pd.to_timedelta(np.arange(USERS * RATINGS_EACH), unit="h"),
        }
    )
    catalogue = pd.DataFrame({"movie_id": movies, "title": "a film", "release_year": 1990})
    return Dataset.of({"ratings": ratings, "movies": catalogue})


if __name__ == "__main__":
    os.environ["MOVIEREC_NEURAL"] = "no"  # networks have no kernels, and TensorFlow may still be on its way
    started = time.perf_counter()
    compile_kernels()
    sys.stdout.write(f"compiled in {time.perf_counter() - started:.0f} s\n")
