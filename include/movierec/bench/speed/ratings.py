"""Ratings to measure rankers on: a long tail of movies, a few busy users, tastes that a model can find; one seed."""

from pathlib import Path

import numpy as np
import pandas as pd

from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE, RATED_AT, RATING, USER
from movierec.data.dataset import TIME, Dataset

MOVIES = 3_700  # as MovieLens 1M
RATINGS_PER_USER = 165
TASTES = 25
OVERSAMPLING = 1.8  # pairs drawn for each rating that is wanted: many come twice
FIRST, LAST = 946_684_800, 1_104_537_600  # seconds since 1970: 2000 to 2005


def generate(rows: int, seed: int) -> Dataset:
    """Make a dataset of so many ratings, every one of them relevant (`relevant_from` None)."""
    generator = np.random.default_rng(seed)
    users = max(rows // RATINGS_PER_USER, 2)
    activity = generator.lognormal(0, 1, users)
    raters = generator.choice(users, int(rows * OVERSAMPLING), p=activity / activity.sum())
    movies = _movies(raters, generator.integers(0, TASTES, users), generator)
    pairs = generator.permutation(np.unique(raters * MOVIES + movies))[:rows]
    times = generator.integers(FIRST, LAST, len(pairs))
    ratings = pd.DataFrame(
        {
            USER: pairs // MOVIES + 1,
            MOVIE: pairs % MOVIES + 1,
            RATING: generator.integers(1, 6, len(pairs)).astype(np.float32),
            RATED_AT: pd.to_datetime(times, unit="s", utc=True).astype(TIME),
        }
    )
    return of_ratings(ratings)


def _movies(raters: Ints, tastes: Ints, generator: np.random.Generator) -> Ints:
    """Draw a movie for each rater: by popularity, Zipf's law with a flat head, and by what their taste makes of it."""
    popularity = generator.permutation(1 / np.arange(20, MOVIES + 20))
    chance = popularity * generator.lognormal(0, 1.5, (TASTES, MOVIES))
    movies = np.empty(len(raters), np.int64)
    for taste in range(TASTES):
        own = np.flatnonzero(tastes[raters] == taste)
        movies[own] = generator.choice(MOVIES, len(own), p=chance[taste] / chance[taste].sum())
    return movies


def read(path: Path) -> Dataset:
    """Read a file of user_id, movie_id, rating and timestamp (seconds since 1970)."""
    frame = pd.read_csv(path).rename(columns={"timestamp": RATED_AT})
    return of_ratings(frame.assign(**{RATED_AT: pd.to_datetime(frame[RATED_AT], unit="s", utc=True)}))


def of_ratings(ratings: pd.DataFrame) -> Dataset:
    """Make a dataset about whose movies and users nothing else is known."""
    ids = np.unique(ratings[MOVIE])
    movies = pd.DataFrame({MOVIE: ids, "title": [f"Film {movie}" for movie in ids], "release_year": pd.NA})
    return Dataset.of({"ratings": ratings, "movies": movies}, relevant_from=None)
