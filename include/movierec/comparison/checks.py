"""What must hold between the files of a comparison: each pair once, in one part, of a movie of the catalogue."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from movierec.data.columns import MOVIE, RATED_AT, RATING, USER, WEIGHT
from movierec.data.dataset import Dataset
from movierec.errors import ConfigError
from movierec.evaluation.metrics import pair_keys, relevant_pairs

PAIR = [USER, MOVIE]


def keep_latest(name: str, ratings: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Keep the latest of the rows that repeat a pair, of equally late ones the last of the file."""
    repeated = int(ratings.duplicated(PAIR).sum())
    if not repeated:
        return ratings
    notes.append(f"the {name} file repeats {repeated} pairs of user and movie; the latest row of each counts")
    return ratings.sort_values(RATED_AT, kind="stable").drop_duplicates(PAIR, keep="last")


def with_rated_movies(movies: pd.DataFrame | None, ratings: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Add the rated movies that the movies file does not name."""
    ids = np.unique(np.concatenate([frame[MOVIE].to_numpy(np.int64) for frame in ratings]))
    if movies is None:
        return pd.DataFrame({MOVIE: ids, "title": None, "release_year": pd.array([pd.NA] * len(ids), "Int64")})
    absent = pd.DataFrame({MOVIE: np.setdiff1d(ids, movies[MOVIE])})
    return movies.merge(absent, on=MOVIE, how="outer")


def without_pairs_of(
    other: pd.DataFrame, other_name: str, ratings: pd.DataFrame, name: str, notes: list[str]
) -> pd.DataFrame:
    """Leave out the rows of `ratings` whose pairs are in `other`, too."""
    own_keys, other_keys = pair_keys(ratings, other)
    is_common = np.isin(own_keys, other_keys)
    if is_common.any():
        notes.append(f"{int(is_common.sum())} {name} rows are left out: their pairs are in the {other_name} rows, too")
    return ratings[~is_common]


def clean_test(
    test: pd.DataFrame, known: pd.DataFrame, valid: pd.DataFrame | None, exclude_seen: bool, notes: list[str]
) -> pd.DataFrame:
    """Leave out the pairs that no list can hold because they are excluded, and put the rows in one order."""
    if exclude_seen:
        test = without_pairs_of(known, "known", test, "test", notes)
    if valid is not None:
        test = without_pairs_of(valid, "validation", test, "test", notes)
    repeated = int(test.duplicated(PAIR).sum())
    if repeated:
        notes.append(
            f"the test file repeats {repeated} pairs of user and movie; one counts as liked if any row says so"
        )
    return test.drop(columns=RATED_AT).sort_values([*PAIR, RATING, WEIGHT], ignore_index=True)


def check_test(
    test: pd.DataFrame, dataset: Dataset, known: pd.DataFrame, relevant_from: float | None, notes: list[str]
) -> None:
    """Note what a reader of the results should know of the test.

    Args:
        test: as `clean_test` returns it.
        dataset: what rankers are fitted on.
        known: the known ratings of the users of the test.
        relevant_from: the rating from which on a movie was liked; None: every row.
        notes: get a sentence for each peculiarity.

    Raises:
        ConfigError: nobody liked anything.
    """
    relevant = relevant_pairs(test, relevant_from)
    if relevant.empty:
        ratings = test[RATING]
        scale = f"ratings go from {ratings.min():g} to {ratings.max():g}" if ratings.notna().any() else "none is rated"
        raise ConfigError(
            f"no relevant row among {len(test)} test rows: relevant is from {relevant_from} on, and {scale}; "
            "--relevant-from takes another threshold, or none for every row"
        )
    users, movies = pd.Series(relevant[USER].unique()), pd.Series(relevant[MOVIE].unique())
    unknown = f"of {len(movies)} relevant movies are neither rated in what is known nor in the movies file: they count "
    counts = {
        "users have no relevant test row and are not evaluated": test[USER].nunique() - len(users),
        "evaluated users have no known rows and get a newcomer's list": (~users.isin(known[USER])).sum(),
        unknown + "as relevant, and nobody can recommend them": (~movies.isin(dataset.movies[MOVIE])).sum(),
    }
    notes.extend(f"{count} {words}" for words, count in counts.items() if count)
