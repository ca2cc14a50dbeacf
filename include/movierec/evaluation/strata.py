"""For whom a ranker is good: users by activity, gender and age, movies by how much was known of them."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from movierec.data.arrays import Ints
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import Dataset
from movierec.evaluation.bootstrap import mean_intervals_by_k
from movierec.evaluation.metrics import K, accuracy
from movierec.features.profiles import AGE_BOUNDS

DIMENSION, STRATUM = "dimension", "stratum"
COLD_USER = 10  # known ratings below which a user is cold
COLD_MOVIE = 10  # known ratings up to which a movie is cold
FEW_RATINGS = 4  # known ratings up to which users and movies are reported apart as almost unknown
FEW = "few ratings"  # the dimension of both
STRATUM_METRICS = ("recall", "ndcg")
TERCILES = (1 / 3, 2 / 3)


def strata(known: Dataset, users: ArrayLike) -> pd.DataFrame:
    """Put users into strata by what was known of them.

    Activity is the number of known ratings: none (newcomer), fewer than `COLD_USER` (cold), and the terciles of the
    other `users` (low, medium, high); gender and age group only where they are known. Users with up to `FEW_RATINGS`
    are a stratum of the dimension 'few ratings' beside their activity.

    Returns:
        (user_id, dimension, stratum), one row per user and dimension that applies; the stratum names its bounds.
    """
    user_ids = np.unique(np.asarray(users, np.int64))
    profiles = known.users.set_index(USER).reindex(user_ids)
    counts = _counts(known.ratings[USER], user_ids)
    columns = {
        "activity": _activity(counts),
        FEW: [f"users (0–{FEW_RATINGS} ratings)" if count <= FEW_RATINGS else None for count in counts],
        "gender": profiles["gender"].astype(object).to_numpy(),
        "age": _ages(profiles["age"]),
    }
    frames = [pd.DataFrame({USER: user_ids, DIMENSION: name, STRATUM: column}) for name, column in columns.items()]
    return pd.concat(frames, ignore_index=True).dropna(subset=STRATUM, ignore_index=True)


def by_stratum(values: pd.DataFrame, strata: pd.DataFrame, metrics: Sequence[str] = STRATUM_METRICS) -> pd.DataFrame:
    """Average the per-user values (user_id, k, metrics) of an evaluation in every stratum.

    Returns:
        (dimension, stratum, k, metric, mean, low, high, users), with the 95 % interval of the mean.
    """
    joined = values.merge(strata, on=USER)
    groups = joined.groupby([DIMENSION, STRATUM], sort=True)
    return _table([(str(of), str(name), rows) for (of, name), rows in groups], metrics)


def by_movie_stratum(
    lists: pd.DataFrame, relevant: pd.DataFrame, known: Dataset, ks: Sequence[int], cold: int = COLD_MOVIE
) -> pd.DataFrame:
    """Evaluate lists on the relevant movies with up to `cold` known ratings alone, and on the others alone.

    A user without a relevant movie of the stratum is not evaluated in it.

    Returns:
        As `by_stratum`, the dimension being 'movies'; 'few ratings' for movies with up to `FEW_RATINGS`.
    """
    counts = _counts(known.ratings[MOVIE], relevant[MOVIE].to_numpy(np.int64))
    strata_of_movies = [
        ("movies", f"cold (0–{cold} ratings)", counts <= cold),
        ("movies", f"warm (over {cold} ratings)", counts > cold),
        (FEW, f"movies (0–{FEW_RATINGS} ratings)", counts <= FEW_RATINGS),
    ]
    groups = []
    for dimension, stratum, belongs in strata_of_movies:
        if belongs.any():
            groups.append((dimension, stratum, accuracy(lists, relevant[belongs], ks)))
    return _table(groups, STRATUM_METRICS)


def _table(groups: list[tuple[str, str, pd.DataFrame]], metrics: Sequence[str]) -> pd.DataFrame:
    rows = [
        (dimension, stratum, k, metric, interval.mean, interval.low, interval.high, int(values[USER].nunique()))
        for dimension, stratum, values in groups
        for (k, metric), interval in mean_intervals_by_k(values, values[K].unique().tolist(), metrics).items()
    ]
    return pd.DataFrame(rows, columns=[DIMENSION, STRATUM, K, "metric", "mean", "low", "high", "users"])


def _counts(column: pd.Series, ids: Ints) -> Ints:
    return np.asarray(column.value_counts().reindex(ids, fill_value=0), np.int64)


def _activity(counts: Ints) -> NDArray[np.object_]:
    active = counts[counts >= COLD_USER]
    low, high = np.quantile(active, TERCILES, method="lower").tolist() if active.size else (COLD_USER, COLD_USER)
    names = [
        "newcomer (0 ratings)",
        f"cold (1–{COLD_USER - 1} ratings)",
        f"low ({COLD_USER}–{low} ratings)",
        f"medium ({low + 1}–{high} ratings)",
        f"high (over {high} ratings)",
    ]
    stratum_numbers = np.searchsorted([0, COLD_USER - 1, low, high], counts)
    return np.array(names, object)[stratum_numbers]


def _ages(ages: pd.Series) -> NDArray[np.object_]:
    bounds = AGE_BOUNDS
    between = [f"{low}–{high - 1}" for low, high in pairwise(bounds)]
    names = np.array([f"under {bounds[0]}", *between, f"{bounds[-1]} and over"], object)
    stratum_numbers = np.digitize(ages.fillna(0).to_numpy(np.int64), bounds)
    return np.asarray(np.where(ages.isna(), None, names[stratum_numbers]), object)
