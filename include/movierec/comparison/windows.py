"""What rankers learn to be asked for: what the validation rows ask for, or by time where there is any."""

from collections.abc import Mapping

import pandas as pd

from movierec.comparison.ratings_file import EPOCH, RatingsFile
from movierec.data.columns import RATED_AT, USER
from movierec.data.source_order import in_source_order, is_sorted_by_movie

KNOWN_PARTS = ("train", "fold_in")
SORTED = (
    "ratings of one moment are taken in the order of their rows, which are sorted by movie: where the last row of a "
    "moment is asked about, a model can learn that its id is the largest"
)


def level_times(
    files: Mapping[str, RatingsFile], parts: Mapping[str, pd.DataFrame], notes: list[str]
) -> dict[str, pd.DataFrame]:
    """Drop the times of training and fold-in rows where only one of the two files has any.

    A file without timestamps beside one with them would be dated 1970, long before everything that was learned from.
    """
    has_times = {name: files[name].has_times for name in KNOWN_PARTS if name in parts}
    if len(set(has_times.values())) < len(KNOWN_PARTS):
        return dict(parts)
    lacking = next(name for name in has_times if not has_times[name])
    notes.append(
        f"{files[lacking].path} has no timestamps: those of the other of the training and fold-in files are left out, "
        "and all these rows are of one moment"
    )
    return {name: frame.assign(**{RATED_AT: EPOCH}) if name in has_times else frame for name, frame in parts.items()}


def choose_windows(
    setting: str, files: Mapping[str, RatingsFile], parts: Mapping[str, pd.DataFrame], notes: list[str]
) -> str:
    """Return the kind of label windows: the setting itself, or for 'auto' what suits the files, with a note why."""
    if setting != "auto":
        return setting
    windows, reason = _suitable(files, parts)
    notes.append(f"inner windows: {windows}, because {reason}")
    return windows


def order_ties(parts: Mapping[str, pd.DataFrame], notes: list[str]) -> dict[str, pd.DataFrame]:
    """Put known ratings of one moment in the order of their rows, and note where these are sorted by movie."""
    known = [name for name in KNOWN_PARTS if name in parts]
    if is_sorted_by_movie(parts["train"]):
        notes.append(SORTED)
    return dict(parts) | {name: in_source_order(parts[name]) for name in known}


def _kind_of_validation(parts: Mapping[str, pd.DataFrame]) -> tuple[str, str]:
    """Return the kind of windows for validation rows that come after their users' known rows, and why."""
    if parts["valid"][USER].is_unique:
        return "next", "there is one validation row for each user, after their known rows"
    if (parts["valid"][RATED_AT] >= parts["train"][RATED_AT].max()).all():
        return "days", "validation rows come after all training rows"
    return "time", "validation rows come after their users' known rows"


def _suitable(files: Mapping[str, RatingsFile], parts: Mapping[str, pd.DataFrame]) -> tuple[str, str]:
    valid = files.get("valid")
    if parts["train"][RATED_AT].nunique() < 2:  # noqa: PLR2004
        return "random", "the training rows have no time order"
    if valid is None:
        return "time", "the training rows have timestamps, and no validation rows tell otherwise"
    if not valid.has_times:
        return "random", "the validation rows have no timestamps"
    known = pd.concat([parts[name][[USER, RATED_AT]] for name in KNOWN_PARTS if name in parts])
    last_known = parts["valid"][USER].map(known.groupby(USER)[RATED_AT].max())
    if last_known.isna().all():
        return "random", "no validation user has training or fold-in rows that would tell what came first"
    if (parts["valid"][RATED_AT] < last_known).any():
        return "random", "some validation rows are earlier than their users' known rows"
    return _kind_of_validation(parts)
