"""The files of an evaluation, put together: what may be known, what is asked, and what had to be left out and why.

What is known never depends on the test file: a movie that stands only there is not in the catalogue, so nobody can
recommend it; it stays relevant, and is counted.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from movierec.columns import MOVIE, RATED_AT, USER
from movierec.dataset import Dataset
from movierec.evaluation.facts_files import read_movies, read_users
from movierec.evaluation.numbering import number
from movierec.evaluation.parts import PAIR, asked, catalogue, check_asked, latest, without
from movierec.evaluation.ratings_file import RatingsFile, read_ratings


@dataclass(frozen=True)
class Files:
    """Where the tables are."""

    train: Path
    test: Path
    valid: Path | None = None
    fold_in: Path | None = None
    movies: Path | None = None
    users: Path | None = None


@dataclass(frozen=True, eq=False)
class Inputs:
    """What an evaluation works on.

    Attributes:
        known: what is learned from.
        folded: the ratings of those who are recommended to, where others than were learned from.
        valid: the rows to tune by.
        test: (user_id, movie_id, rating, weight).
        exclude: the pairs that must not be in the lists beside those known of a user.
        windows: how label windows are cut from what is known: 'time' or 'random'.
        names: what a user's number stands for, where the ids were text.
        notes: what the reader should know.
    """

    known: Dataset
    folded: pd.DataFrame | None
    valid: pd.DataFrame | None
    test: pd.DataFrame
    exclude: pd.DataFrame | None
    windows: str
    names: pd.Index | None
    notes: list[str]

    def recommended_to(self) -> Dataset:
        """Return the dataset of those who are recommended to."""
        return self.known if self.folded is None else self.known.with_ratings(self.folded)

    def sizes(self) -> dict[str, int]:
        """Count what there is."""
        ratings = self.known.ratings
        return {
            "train_rows": len(ratings),
            "train_users": int(ratings[USER].nunique()),
            "movies": len(self.known.movies),
            "fold_in_rows": 0 if self.folded is None else len(self.folded),
            "valid_rows": 0 if self.valid is None else len(self.valid),
            "test_rows": len(self.test),
            "test_users": int(self.test[USER].nunique()),
        }


def read_inputs(files: Files, relevant_from: float | None, windows: str, exclude_seen: bool) -> Inputs:
    """Read and check everything.

    Raises:
        ConfigError: a file or value is unusable, or nobody liked anything in the test.
    """
    notes: list[str] = []
    given = {"train": read_ratings(files.train), "test": read_ratings(files.test, with_times=False)}
    given |= {name: read_ratings(path) for name in ("valid", "fold_in") if (path := getattr(files, name)) is not None}
    about = _about(files, notes)
    rows = {name: file.rows for name, file in given.items()}
    names = number(rows, about, USER, notes)
    number(rows, about, MOVIE, notes)
    test = rows.pop("test")
    parts = {name: latest(name, frame, notes) for name, frame in rows.items()}
    about["movies"] = catalogue(about.get("movies"), list(parts.values()))
    known = Dataset.of({"ratings": parts["train"], **about}, relevant_from)
    chosen = _windows(windows, given, parts, notes)
    seen, folded, valid = parts.get("fold_in", parts["train"]), parts.get("fold_in"), parts.get("valid")
    if valid is not None:
        valid = without(valid, parts["train"], "validation", "training", notes)
    test = asked(test, seen, valid, exclude_seen, notes)
    check_asked(test, known, seen, relevant_from, notes)
    return Inputs(known, folded, valid, test, None if valid is None else valid[PAIR], chosen, names, notes)


def _about(files: Files, notes: list[str]) -> dict[str, pd.DataFrame]:
    """Read what is known about movies and users."""
    about = {} if files.movies is None else read_movies(files.movies, notes)
    return about if files.users is None else {**about, "users": read_users(files.users, notes)}


def _windows(wish: str, given: dict[str, RatingsFile], parts: dict[str, pd.DataFrame], notes: list[str]) -> str:
    """Choose label windows that are cut as the validation rows were, or by time where there is any."""
    if wish != "auto":
        return wish
    train, valid = given["train"], given.get("valid")
    if not train.has_times or train.rows[RATED_AT].nunique() < 2:  # noqa: PLR2004
        return _say(notes, "random", "the training rows have no time order")
    if valid is None:
        return _say(notes, "time", "the training rows have timestamps, and no validation rows tell otherwise")
    if not valid.has_times:
        return _say(notes, "random", "the validation rows have no timestamps")
    before = parts["valid"][USER].map(parts["train"].groupby(USER)[RATED_AT].max())
    if (parts["valid"][RATED_AT] < before).any():
        return _say(notes, "random", "some validation rows are earlier than their users' training rows")
    return _say(notes, "time", "validation rows come after their users' training rows")


def _say(notes: list[str], windows: str, why: str) -> str:
    notes.append(f"inner windows: {windows}, because {why}")
    return windows
