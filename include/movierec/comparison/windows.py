"""How label windows are cut from what is known: as the validation rows were, or by time where there is any."""

from collections.abc import Mapping

import pandas as pd

from movierec.comparison.ratings_file import EPOCH, RatingsFile
from movierec.data.columns import RATED_AT, USER

LEARNED_AND_MET = ("train", "fold_in")


def level_times(
    given: Mapping[str, RatingsFile], parts: Mapping[str, pd.DataFrame], notes: list[str]
) -> dict[str, pd.DataFrame]:
    """Drop the times of training and fold-in rows where only one of the two files has any.

    A file without timestamps beside one with them would be dated 1970, long before everything that was learned from.
    """
    timed = {name: given[name].has_times for name in LEARNED_AND_MET if name in parts}
    if len(set(timed.values())) < len(LEARNED_AND_MET):
        return dict(parts)
    lacking = next(name for name, has_times in timed.items() if not has_times)
    notes.append(
        f"{given[lacking].path} has no timestamps: those of the other of the training and fold-in files are left out, "
        "and all these rows are of one moment"
    )
    return {name: frame.assign(**{RATED_AT: EPOCH}) if name in timed else frame for name, frame in parts.items()}


def choose(wish: str, given: Mapping[str, RatingsFile], parts: Mapping[str, pd.DataFrame], notes: list[str]) -> str:
    """Return 'time' or 'random', and note why; a wish other than 'auto' is granted."""
    if wish != "auto":
        return wish
    windows, why = _choice(given, parts)
    notes.append(f"inner windows: {windows}, because {why}")
    return windows


def _choice(given: Mapping[str, RatingsFile], parts: Mapping[str, pd.DataFrame]) -> tuple[str, str]:
    valid = given.get("valid")
    if parts["train"][RATED_AT].nunique() < 2:  # noqa: PLR2004
        return "random", "the training rows have no time order"
    if valid is None:
        return "time", "the training rows have timestamps, and no validation rows tell otherwise"
    if not valid.has_times:
        return "random", "the validation rows have no timestamps"
    known = pd.concat([parts[name][[USER, RATED_AT]] for name in LEARNED_AND_MET if name in parts])
    before = parts["valid"][USER].map(known.groupby(USER)[RATED_AT].max())
    if before.isna().all():
        return "random", "no validation user has training or fold-in rows that would tell what came first"
    if (parts["valid"][RATED_AT] < before).any():
        return "random", "some validation rows are earlier than their users' known rows"
    return "time", "validation rows come after their users' known rows"
