"""What holds between the files of an evaluation: each pair once, in one part, of a movie of the catalogue."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from movierec.data.columns import MOVIE, RATED_AT, RATING, USER
from movierec.data.dataset import Dataset
from movierec.errors import ConfigError
from movierec.evaluation.metrics import pair_keys, relevant_pairs

PAIR = [USER, MOVIE]


def latest(name: str, frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Keep the latest of the rows that repeat a pair, of equally late ones the last of the file."""
    repeated = int(frame.duplicated(PAIR).sum())
    if not repeated:
        return frame
    notes.append(f"the {name} file repeats {repeated} pairs of user and movie; the latest row of each counts")
    return frame.sort_values(RATED_AT, kind="stable").drop_duplicates(PAIR, keep="last")


def catalogue(movies: pd.DataFrame | None, ratings: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Add the rated movies about which nothing else is said."""
    ids = np.unique(np.concatenate([frame[MOVIE].to_numpy(np.int64) for frame in ratings]))
    if movies is None:
        return pd.DataFrame({MOVIE: ids, "title": None, "release_year": pd.array([pd.NA] * len(ids), "Int64")})
    absent = pd.DataFrame({MOVIE: np.setdiff1d(ids, movies[MOVIE])})
    return movies.merge(absent, on=MOVIE, how="outer")


def without(frame: pd.DataFrame, other: pd.DataFrame, name: str, its: str, notes: list[str]) -> pd.DataFrame:
    """Leave out the pairs that stand in another part."""
    own, others = pair_keys(frame, other)
    common = np.isin(own, others)
    if common.any():
        notes.append(f"{int(common.sum())} {name} rows are left out: their pairs are in the {its} rows, too")
    return frame[~common]


def asked(
    test: pd.DataFrame, seen: pd.DataFrame, valid: pd.DataFrame | None, exclude_seen: bool, notes: list[str]
) -> pd.DataFrame:
    """Leave out what can be in nobody's list, since it is excluded there."""
    if exclude_seen:
        test = without(test, seen, "test", "known", notes)
    if valid is not None:
        test = without(test, valid, "test", "validation", notes)
    repeated = int(test.duplicated(PAIR).sum())
    if repeated:
        notes.append(
            f"the test file repeats {repeated} pairs of user and movie; one counts as liked if any row says so"
        )
    return test.drop(columns=RATED_AT).sort_values([*PAIR, *test.columns[2:4]], ignore_index=True)


def check_asked(
    test: pd.DataFrame, known: Dataset, seen: pd.DataFrame, relevant_from: float | None, notes: list[str]
) -> None:
    """Tell what a reader of the results should know of the test.

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
    judged, wanted = pd.Series(relevant[USER].unique()), pd.Series(relevant[MOVIE].unique())
    unknown = f"of {len(wanted)} relevant movies are neither rated in what is known nor in the movies file: they count "
    counts = {
        "users have no relevant test row and are not judged": test[USER].nunique() - len(judged),
        "judged users have no known rows and get a newcomer's list": (~judged.isin(seen[USER])).sum(),
        unknown + "as relevant, and nobody can recommend them": (~wanted.isin(known.movies[MOVIE])).sum(),
    }
    notes.extend(f"{count} {words}" for words, count in counts.items() if count)
