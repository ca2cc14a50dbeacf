"""The protocols by which a comparison divides one file of ratings by itself, where there is no test file."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from movierec.comparison.ratings_file import RatingsFile
from movierec.data import splits
from movierec.data.columns import USER
from movierec.errors import ConfigError
from movierec.evaluation.protocols import (
    GLOBAL_TEMPORAL,
    LEAVE_ONE_OUT,
    LEAVE_ONE_OUT_GLOBAL,
    PER_USER_TEMPORAL,
    RANDOM,
    STRONG_GENERALISATION,
    WINDOWS_OF,
)

Parts = dict[str, pd.DataFrame]  # by the names of `Inputs`: train, test, and where there are fold_in and valid


@dataclass(frozen=True)
class Protocol:
    """One way to divide ratings.

    Attributes:
        split: divides ratings under a seed.
        has_order: whether it divides by time.
        sentence: what was done, for the notes of the results.
    """

    split: Callable[[pd.DataFrame, int], Parts]
    has_order: bool
    sentence: str


@dataclass(frozen=True)
class Division:
    """A protocol by its name, the seed that settles what it leaves open, and whether rows to tune by are needed."""

    protocol: str
    seed: int
    is_tuned: bool = False


def divide(file: RatingsFile, rows: pd.DataFrame, division: Division) -> Parts:
    """Return the parts of a protocol; `tuning_train` and `tuning_fold_in` too where the known side is divided again.

    To tune by, the known side is divided once more by the same protocol: `valid` is then what is asked in there, and
    rankers are fitted on all that is known in the end. A random split has validation rows of its own.

    Raises:
        ConfigError: the protocol needs timestamps, or leaves nothing to ask about.
    """
    protocol = PROTOCOLS_BY_NAME[division.protocol]
    if protocol.has_order and not file.has_times:
        raise ConfigError(f"{file.path} has no timestamps, by which --protocol {division.protocol} divides it")
    parts = protocol.split(rows, division.seed)
    if parts["test"].empty:
        raise ConfigError(
            f"--protocol {division.protocol} leaves no rows of {file.path} to ask about; "
            f"it has {len(rows)} rows of {rows[USER].nunique()} users at {rows['rated_at'].nunique()} moments"
        )
    if not division.is_tuned or "valid" in parts:
        return parts
    inner = protocol.split(parts["train"], division.seed)
    tuning = {"valid": inner["test"], "tuning_train": inner["train"]}
    return parts | tuning | ({"tuning_fold_in": inner["fold_in"]} if "fold_in" in inner else {})


def note_protocol(division: Division, windows: str, notes: list[str]) -> str:
    """Note how the ratings were divided, and return the label windows: those of the protocol for 'auto'."""
    protocol = PROTOCOLS_BY_NAME[division.protocol]
    notes.append(f"protocol {division.protocol}, seed {division.seed}: {protocol.sentence}")
    return WINDOWS_OF[division.protocol] if windows == "auto" else windows


def _per_user_temporal(ratings: pd.DataFrame, seed: int) -> Parts:
    return _parts_by_name(("train", "test"), splits.per_user_temporal(ratings, seed=seed))


def _global_temporal(ratings: pd.DataFrame, _: int) -> Parts:
    return _parts_by_name(("train", "test"), splits.global_temporal(ratings))


def _random(ratings: pd.DataFrame, seed: int) -> Parts:
    return _parts_by_name(("train", "valid", "test"), splits.random_split(ratings, seed=seed))


def _strong_generalisation(ratings: pd.DataFrame, seed: int) -> Parts:
    users = splits.number_of_held_out_users(ratings)
    return _parts_by_name(("train", "fold_in", "test"), splits.strong_generalisation(ratings, users, seed=seed))


def _leave_one_out(ratings: pd.DataFrame, seed: int) -> Parts:
    return _parts_by_name(("train", "test"), splits.leave_one_out(ratings, seed=seed))


def _leave_one_out_global(ratings: pd.DataFrame, seed: int) -> Parts:
    return _parts_by_name(("train", "fold_in", "test"), splits.leave_one_out_global(ratings, seed=seed))


def _parts_by_name(names: tuple[str, ...], frames: tuple[pd.DataFrame, ...]) -> Parts:
    return dict(zip(names, frames, strict=True))


PROTOCOLS_BY_NAME = {
    PER_USER_TEMPORAL: Protocol(
        _per_user_temporal, True, "the first 80 % of every user's ratings are known, the last 20 % asked about"
    ),
    GLOBAL_TEMPORAL: Protocol(
        _global_temporal, True, "everything up to one moment is known, the last 20 % of all ratings asked about"
    ),
    RANDOM: Protocol(
        _random, False, "every user's ratings are divided 8:1:1 at random; validation rows are in nobody's list"
    ),
    STRONG_GENERALISATION: Protocol(
        _strong_generalisation, False, "a fifth of the users are held out whole and shown to the models in part"
    ),
    LEAVE_ONE_OUT: Protocol(
        _leave_one_out,
        True,
        "every user's last rating is asked about, of one moment that of the last row; what others rated later is known",
    ),
    LEAVE_ONE_OUT_GLOBAL: Protocol(
        _leave_one_out_global,
        True,
        "the last rating of the fifth of users who rated last is asked about; models learn from what everybody rated "
        "up to one moment before all of these",
    ),
}
