"""One rating scale for all files of a comparison: declared, or told by all of their ratings, and put on five stars."""

from collections.abc import Iterable
from enum import Enum

import numpy as np
import pandas as pd

from movierec.data.arrays import Floats
from movierec.data.columns import RATING, RELEVANT_FROM, WEIGHT
from movierec.errors import ConfigError
from movierec.rating_scale import (
    RatingScale,
    ScaleError,
    Tally,
    describe,
    disagreement,
    infer,
    is_stray,
    stray_rows,
    unused_part,
)

SEEN_WEIGHT = 0.3  # of a movie that was seen and not rated, as of a view in a night


class Relevance(Enum):
    """From which rating on a movie was liked, where nobody says."""

    DEFAULT = "four stars"


def put_on_stars(
    ratings: dict[str, pd.DataFrame],
    declared: RatingScale | None,
    relevant_from: float | Relevance | None,
    notes: list[str],
) -> float | None:
    """Replace ratings of another scale by stars from 0.5 to 5, in all tables, and return the threshold in stars.

    Where a threshold is given and the ratings do not tell their scale, they are taken as they are.

    Raises:
        ConfigError: the files are on different scales, ratings lie off the declared one, or nothing tells how they are
            to be understood.
    """
    tally = _tally(ratings.values())
    parts = {f"the {name.replace('_', '-')} file": _tally([rows]) for name, rows in ratings.items()}
    if not declared and (told := disagreement(parts)):
        sentence = f"the files are on different scales: {told}; put all on one, or declare it by --scale"
        if relevant_from is Relevance.DEFAULT:
            raise ConfigError(sentence)
        notes.append(sentence)
    scale = declared or _infer(tally, relevant_from is not Relevance.DEFAULT, notes)
    threshold = RELEVANT_FROM if relevant_from is Relevance.DEFAULT else relevant_from
    if scale is None or not tally:
        return threshold
    if declared:
        _require_on_scale(declared, tally)
        notes.extend(filter(None, [unused_part(declared, tally)]))
    if scale.unrated:
        _mark_as_seen(ratings, scale, notes)
    if stray := stray_rows(scale, tally):
        notes.append(
            f"{sum(stray.values()):,} of {sum(tally.values()):,} ratings lie off the scale from {scale}, and count as "
            f"its nearer end: {describe(stray)}"
        )
    if scale.is_stars:
        for table, frame in ratings.items() if stray else ():
            ratings[table] = frame.assign(**{RATING: frame[RATING].clip(scale.low, scale.high)})
        return threshold
    for table, frame in ratings.items():
        ratings[table] = frame.assign(**{RATING: _stars(frame[RATING], scale)})
    basis = "as declared" if declared else "as all of them tell"
    notes.append(f"ratings go from {scale}, {basis}; they are put on the scale from 0.5 to 5")
    return scale.stars(relevant_from) if isinstance(relevant_from, (int, float)) else threshold


def _tally(frames: Iterable[pd.DataFrame]) -> Tally:
    values = pd.concat([frame[RATING] for frame in frames]).dropna().astype(np.float64)
    return {round(float(value), 6): int(rows) for value, rows in values.value_counts().items()}


def _infer(tally: Tally, is_threshold_given: bool, notes: list[str]) -> RatingScale | None:
    try:
        found = infer(tally)
        if found.certainty == "likely":
            notes.append(
                f"ratings are likely to be on a scale from {found.scale}: {describe(tally)}; --scale says more"
            )
        return found.scale
    except ScaleError as error:
        if is_threshold_given:
            return None
        raise ConfigError(f"{error} (option --scale), or say by --relevant-from what was liked") from error


def _require_on_scale(scale: RatingScale, tally: Tally) -> None:
    stray, total = stray_rows(scale, tally), sum(tally.values())
    if stray and not is_stray(sum(stray.values()), total):
        raise ConfigError(
            f"{sum(stray.values()):,} of {total:,} ratings lie off the scale from {scale} of --scale: {describe(stray)}"
        )


def _mark_as_seen(ratings: dict[str, pd.DataFrame], scale: RatingScale, notes: list[str]) -> None:
    rows = 0
    for table, frame in ratings.items():
        is_seen = frame[RATING].isin(scale.unrated)
        rows += int(is_seen.sum())
        weight = frame[WEIGHT].mask(is_seen, np.float32(SEEN_WEIGHT))
        ratings[table] = frame.assign(**{RATING: frame[RATING].mask(is_seen), WEIGHT: weight})
    notes.append(f"{rows} rows are seen and not rated ({', '.join(f'{value:g}' for value in scale.unrated)})")


def _stars(values: pd.Series, scale: RatingScale) -> Floats:
    """Return ratings as stars; the few that lie off the scale by accident count as its end."""
    return scale.stars(values.clip(scale.low, scale.high).to_numpy(np.float64)).astype(np.float32)
