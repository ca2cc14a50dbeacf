"""The files of an evaluation, put together: what may be known, what is asked, and what had to be left out and why.

What is known never depends on the test file: a movie that stands only there is not in the catalogue, so nobody can
recommend it; it stays relevant, and is counted.
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from movierec.comparison.checks import PAIR, asked, catalogue, check_asked, latest, without
from movierec.comparison.facts_files import read_movies, read_users
from movierec.comparison.ids import number
from movierec.comparison.ratings_file import read_ratings
from movierec.comparison.windows import choose, level_times
from movierec.data.columns import MOVIE, USER
from movierec.data.dataset import Dataset
from movierec.errors import ConfigError


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

    def tuned_on(self) -> Dataset:
        """Return the dataset of those whose validation rows judge settings.

        Of users with fold-in rows these are known, of others what was learned from them.
        """
        if self.folded is None or self.valid is None:
            return self.known
        learned = self.known.ratings
        others = learned[USER].isin(self.valid[USER]) & ~learned[USER].isin(self.folded[USER])
        return self.known.with_ratings(pd.concat([self.folded, learned[others]], ignore_index=True))

    def check_tunable(self) -> None:
        """Refuse to tune where nobody has a history that a ranker could use.

        Raises:
            ConfigError: there are no validation rows, or all are of users about whom nothing is known.
        """
        if self.valid is None:
            raise ConfigError("--tune needs validation rows to tune by: --valid V.csv")
        users = pd.Series(self.valid[USER].unique())
        strangers = ~users.isin(self.tuned_on().ratings[USER])
        if strangers.all():
            raise ConfigError(
                f"--tune: none of {len(users)} validation users has training or fold-in rows, and a newcomer's list "
                "tells nothing about a ranker; needed are validation rows of users who have some"
            )
        if strangers.any():
            self.notes.append(
                f"{int(strangers.sum())} validation users have no known rows: tuning judges newcomer's lists"
            )

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
    paths = {name: path for name in ("train", "test", "valid", "fold_in") if (path := getattr(files, name)) is not None}
    given = {name: read_ratings(path, with_times=name != "test", notes=notes) for name, path in paths.items()}
    about = _about(files, notes)
    rows = {name: file.rows for name, file in given.items()}
    names = number(rows, about, USER, notes)
    number(rows, about, MOVIE, notes)
    test = rows.pop("test")
    parts = level_times(given, {name: latest(name, frame, notes) for name, frame in rows.items()}, notes)
    about["movies"] = catalogue(about.get("movies"), list(parts.values()))
    known = Dataset.of({"ratings": parts["train"], **about}, relevant_from)
    chosen = choose(windows, given, parts, notes)
    seen, folded, valid = parts.get("fold_in", parts["train"]), parts.get("fold_in"), parts.get("valid")
    if valid is not None:
        valid = without(valid, parts["train"], "validation", "training", notes)
        valid = valid if folded is None else without(valid, folded, "validation", "fold-in", notes)
    test = asked(test, seen, valid, exclude_seen, notes)
    check_asked(test, known, seen, relevant_from, notes)
    return Inputs(known, folded, valid, test, None if valid is None else valid[PAIR], chosen, names, notes)


def _about(files: Files, notes: list[str]) -> dict[str, pd.DataFrame]:
    """Read what is known about movies and users."""
    about = {} if files.movies is None else read_movies(files.movies, notes)
    return about if files.users is None else {**about, "users": read_users(files.users, notes)}
