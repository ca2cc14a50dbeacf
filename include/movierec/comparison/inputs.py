"""The files of a comparison, put together: what is known, what is asked about, and what is left out and why.

What is known never depends on the test rows: a movie that stands only there is not in the catalogue, so nobody can
recommend it; it stays relevant, and is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from movierec.comparison.checks import (
    PAIR,
    check_test,
    clean_test,
    keep_latest,
    with_rated_movies,
    without_pairs_of,
)
from movierec.comparison.common_scale import Relevance, put_on_stars
from movierec.comparison.facts_files import read_movies, read_users
from movierec.comparison.ids import number_ids
from movierec.comparison.protocols import Division, divide, note_protocol
from movierec.comparison.ratings_file import RatingsFile, read_ratings_files
from movierec.comparison.timestamps import note_odd_times
from movierec.comparison.windows import choose_windows, level_times, order_ties
from movierec.data.aliases import aliases_of
from movierec.data.columns import MOVIE, RATED_AT, RATING, USER
from movierec.data.dataset import Dataset
from movierec.errors import ConfigError
from movierec.evaluation.protocols import LEAVE_ONE_OUT
from movierec.rating_scale import RatingScale
from movierec.sources.message_parts import list_names, suggest_names

RATINGS_FILES = ("train", "test", "valid", "fold_in")
FACTS_FILES = ("movies", "users")


@dataclass(frozen=True)
class Files:
    """Where the files are."""

    train: Path
    test: Path | None = None
    valid: Path | None = None
    fold_in: Path | None = None
    movies: Path | None = None
    users: Path | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Inputs:
    """What a comparison works on.

    Attributes:
        known: what rankers are fitted on.
        fold_in: known ratings of the users of the test, where these are others than were learned from.
        valid: the rows to tune by.
        test: (user_id, movie_id, rating, weight).
        exclude: (user_id, movie_id) that must not be in the lists, beside what is known of a user.
        windows: what learned rankers learn to answer: as the values of `evaluation.protocols.WINDOWS_OF`.
        user_names: the ids of users by their numbers, where the ids were text.
        notes: what the reader should know.
        tuning_train: what rankers are fitted on while they are tuned, where that is not `known`.
        tuning_fold_in: what is then known of the users of the validation rows, where these are others.
    """

    known: Dataset
    fold_in: pd.DataFrame | None
    valid: pd.DataFrame | None
    test: pd.DataFrame
    exclude: pd.DataFrame | None
    windows: str
    user_names: pd.Index | None
    notes: list[str]
    tuning_train: pd.DataFrame | None = None
    tuning_fold_in: pd.DataFrame | None = None

    def tuning_users(self) -> Dataset:
        """Return what is known of the users of the validation rows.

        That is their fold-in rows where they have any, else what was learned from them.
        """
        if self.tuning_train is not None:
            known = self.tuning_train if self.tuning_fold_in is None else self.tuning_fold_in
            return self.known.with_ratings(known)
        if self.fold_in is None or self.valid is None:
            return self.known
        train = self.known.ratings
        has_no_fold_in = train[USER].isin(self.valid[USER]) & ~train[USER].isin(self.fold_in[USER])
        return self.known.with_ratings(pd.concat([self.fold_in, train[has_no_fold_in]], ignore_index=True))

    def check_tunable(self) -> None:
        """Require that somebody to tune by has a history that a ranker could use.

        Raises:
            ConfigError: there are no validation rows, or all are of users about whom nothing is known.
        """
        if self.valid is None:
            raise ConfigError("--tune needs validation rows to tune by: --valid V.csv")
        users = pd.Series(self.valid[USER].unique())
        is_unknown = ~users.isin(self.tuning_users().ratings[USER])
        if is_unknown.all():
            raise ConfigError(
                f"--tune: none of {len(users)} validation users has training or fold-in rows, and a newcomer's list "
                "tells nothing about a ranker; needed are validation rows of users who have some"
            )
        if is_unknown.any():
            self.notes.append(
                f"{int(is_unknown.sum())} validation users have no known rows: tuning evaluates newcomers' lists"
            )

    def sizes(self) -> dict[str, int]:
        """Count what there is."""
        ratings = self.known.ratings
        return {
            "train_rows": len(ratings),
            "train_users": int(ratings[USER].nunique()),
            "movies": len(self.known.movies),
            "fold_in_rows": 0 if self.fold_in is None else len(self.fold_in),
            "valid_rows": 0 if self.valid is None else len(self.valid),
            "test_rows": len(self.test),
            "test_users": int(self.test[USER].nunique()),
        }


def read_inputs(
    files: Files,
    relevant_from: float | Relevance | None,
    windows: str,
    exclude_seen: bool,
    division: Division | None = None,
    scale: RatingScale | None = None,
) -> Inputs:
    """Read and check everything.

    Args:
        files: where what is.
        relevant_from: the rating from which on a movie was liked, on the files' own scale; None: every rated one was;
            `Relevance.DEFAULT`: four stars of five.
        windows: one of the kinds of windows, or 'auto': what suits the files or the protocol.
        exclude_seen: what is known of a user is in no list of theirs.
        division: how the training file is divided, where there is no test file.
        scale: the scale of the ratings of all files; None: they tell it.

    Raises:
        ConfigError: a file or value is unusable, or nobody liked anything in the test.
    """
    notes: list[str] = []
    paths = {name: path for name in RATINGS_FILES if (path := getattr(files, name)) is not None}
    ratings_files = read_ratings_files(paths, notes, without_times={"test"})
    for name, file in ratings_files.items():
        if file.unused:
            notes.append(f"{file.path}: nothing is made of the columns {list_names(file.unused)}{_missed(file, name)}")
        if file.has_times:
            note_odd_times(file.path, file.rows[RATED_AT], notes)
    facts = _read_facts(files, notes)
    ratings = {name: file.rows for name, file in ratings_files.items()}
    relevant_from = put_on_stars(ratings, scale, relevant_from, notes)
    facts_files = {name: str(path) for name in FACTS_FILES if (path := getattr(files, name)) is not None}
    user_names = number_ids(ratings, facts, USER, notes, _subjects(ratings_files, USER) | facts_files)
    number_ids(ratings, facts, MOVIE, notes, _subjects(ratings_files, MOVIE) | facts_files)
    parts = {name: rows if name == "test" else keep_latest(name, rows, notes) for name, rows in ratings.items()}
    if division is None:
        parts = level_times(ratings_files, parts, notes)
        windows = choose_windows(windows, ratings_files, parts, notes)
        if windows == "next":
            parts = order_ties(parts, notes)
    else:
        windows = note_protocol(division, windows, notes)
        if division.protocol == LEAVE_ONE_OUT:  # which papers report; all others break ties at random
            parts = order_ties(parts, notes)
        parts = divide(ratings_files["train"], parts["train"], division)
    test = parts.pop("test")
    tuning_train, tuning_fold_in = (parts.pop(name, None) for name in ("tuning_train", "tuning_fold_in"))
    facts["movies"] = with_rated_movies(facts.get("movies"), list(parts.values()))
    known = Dataset.of({"ratings": parts["train"], **facts}, relevant_from)
    fold_in, valid = parts.get("fold_in"), parts.get("valid")
    if valid is not None and tuning_train is None:
        valid = without_pairs_of(parts["train"], "training", valid, "validation", notes)
        valid = valid if fold_in is None else without_pairs_of(fold_in, "fold-in", valid, "validation", notes)
    excluded = valid if tuning_train is None else None
    known_of_users = parts["train"] if fold_in is None else fold_in
    test = clean_test(test, known_of_users, excluded, exclude_seen, notes)
    check_test(test, known, known_of_users, relevant_from, notes)
    return Inputs(
        known=known,
        fold_in=fold_in,
        valid=valid,
        test=test,
        exclude=None if excluded is None else excluded[PAIR],
        windows=windows,
        user_names=user_names,
        notes=notes,
        tuning_train=tuning_train,
        tuning_fold_in=tuning_fold_in,
    )


def _missed(file: RatingsFile, name: str) -> str:
    """Say which optional columns a file has not, and what of its other columns may be meant."""
    missed = [] if file.is_rated else [("ratings", RATING)]
    missed += [] if file.has_times or name == "test" else [("timestamps", RATED_AT)]
    hints = ((what, suggest_names({column: (column, *aliases_of(column))}, file.unused)) for what, column in missed)
    return "".join(f"; it has no column of {what}{hint}" for what, hint in hints)


def _subjects(files: Mapping[str, RatingsFile], key: str) -> dict[str, str]:
    return {name: f"{file.path}: {{}} ids of column {file.words[key]}" for name, file in files.items()}


def _read_facts(files: Files, notes: list[str]) -> dict[str, pd.DataFrame]:
    """Read the tables about movies and users."""
    facts = {} if files.movies is None else read_movies(files.movies, notes)
    return facts if files.users is None else {**facts, "users": read_users(files.users, notes)}
