"""A file of ratings or other feedback, as rows of a dataset whose ids may still be text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from movierec.comparison.delimited import FileLayout, invalid_value, read_columns, read_layout
from movierec.comparison.timestamps import TIMESTAMP, has_numeric_timestamps, timestamp_rule, timestamps
from movierec.comparison.value_rules import Rule, as_number, is_given, is_number
from movierec.data.columns import MOVIE, RATED_AT, RATING, USER, WEIGHT
from movierec.data.dataset import TIME
from movierec.errors import ConfigError

IDS = (USER, MOVIE)
RULES: dict[str, Rule] = {
    USER: (is_given, "an id"),
    MOVIE: (is_given, "an id"),
    RATING: (is_number, "a finite number"),
    WEIGHT: (lambda text: is_number(text) and 0 <= as_number(text) <= 1, "a number from 0 to 1"),
}
EPOCH = pd.Timestamp(0, unit="s", tz="UTC")


@dataclass(frozen=True, eq=False, kw_only=True)
class RatingsFile:
    """(user_id, movie_id, rating, weight, rated_at); without timestamps every row is of 1970.

    Attributes:
        path: where the file is.
        rows: ids are categories of texts.
        has_times: whether the file has timestamps.
        words: what the file calls the columns of the ids.
        unused: columns of which nothing is made.
        is_rated: whether the file has a column of ratings.
    """

    path: Path
    rows: pd.DataFrame
    has_times: bool
    words: Mapping[str, str]
    unused: Sequence[str] = ()
    is_rated: bool = True


def read_ratings(path: Path, with_times: bool = True) -> RatingsFile:
    """Read user_id, movie_id, rating?, weight?, timestamp?; where there is no rating at all, every row is feedback.

    Ids are the texts that the file holds.

    Raises:
        ConfigError: the file cannot be read, has no rows, or a value is not of its kind.
    """
    layout = read_layout(path, (*IDS, RATING, WEIGHT, *([TIMESTAMP] if with_times else [])), IDS)
    frame = _read_typed(layout)
    if frame.empty:
        raise ConfigError(f"{path} has a header and no rows; at least one is needed")
    is_rated = _check_values(layout, frame)
    times = timestamps(layout, frame) if TIMESTAMP in frame else None
    weight = frame[WEIGHT] if WEIGHT in frame else pd.Series(1.0, frame.index)
    rows = pd.DataFrame(
        {
            **{name: frame[name] for name in IDS},
            RATING: frame[RATING].astype(np.float32) if RATING in frame else np.float32("nan"),
            WEIGHT: weight.where(~is_rated).astype(np.float32),
            RATED_AT: EPOCH if times is None else times,
        }
    )
    return RatingsFile(
        path=path,
        rows=rows.astype({RATED_AT: TIME}),
        has_times=times is not None,
        words=layout.words,
        unused=layout.unused,
        is_rated=RATING in layout.words,
    )


def _read_typed(layout: FileLayout) -> pd.DataFrame:
    """Read numbers as numbers; ids that are not whole numbers come as text."""
    values = {name: pa.float64() for name in (RATING, WEIGHT) if name in layout.words}
    is_numeric = TIMESTAMP in layout.words and has_numeric_timestamps(layout)
    if TIMESTAMP in layout.words:
        values[TIMESTAMP] = pa.float64() if is_numeric else pa.string()
    # ids stay as they are written until all files of the comparison are known
    kinds = {**dict.fromkeys(IDS, pa.dictionary(pa.int32(), pa.string())), **values}
    table = read_columns(layout, kinds)
    if table is None:
        table = read_columns(layout, kinds, decimal_point=",")
    if table is None:
        raise invalid_value(layout, {**_number_rules(layout), **timestamp_rule(layout, is_numeric)})
    if any(table[name].null_count for name in IDS):
        raise invalid_value(layout, {name: RULES[name] for name in IDS})
    frame: pd.DataFrame = table.unify_dictionaries().to_pandas()
    return frame


def _number_rules(layout: FileLayout) -> dict[str, Rule]:
    return {name: RULES[name] for name in (RATING, WEIGHT) if name in layout.words}


def _check_values(layout: FileLayout, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Refuse numbers that are none, and return which rows have a rating."""
    if RATING not in frame:
        is_rated = np.zeros(len(frame), np.bool_)
    else:
        is_rated = frame[RATING].notna().to_numpy()
        if np.isinf(frame[RATING]).any() or (WEIGHT not in frame and not is_rated.all()):
            raise invalid_value(layout, {RATING: RULES[RATING]})
    if WEIGHT in frame and not frame.loc[~is_rated, WEIGHT].between(0, 1).all():
        raise invalid_value(layout, {WEIGHT: RULES[WEIGHT]})
    return is_rated
