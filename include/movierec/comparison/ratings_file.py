"""A file of ratings or other feedback, as rows of a dataset whose ids may still be text."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from movierec.comparison.delimited import Layout, read_columns, read_layout, refusal
from movierec.comparison.timestamps import TIMESTAMP, has_numeric_timestamps, timestamp_rule, timestamps
from movierec.comparison.value_rules import Rule, is_given, is_number, is_whole
from movierec.data.columns import MOVIE, RATED_AT, RATING, USER, WEIGHT
from movierec.data.dataset import TIME
from movierec.errors import ConfigError

IDS = (USER, MOVIE)
RULES: dict[str, Rule] = {
    USER: (is_given, "an id"),
    MOVIE: (is_given, "an id"),
    RATING: (is_number, "a finite number"),
    WEIGHT: (lambda text: is_number(text) and 0 <= float(text) <= 1, "a number from 0 to 1"),
}
EPOCH = pd.Timestamp(0, unit="s", tz="UTC")


@dataclass(frozen=True, eq=False)
class RatingsFile:
    """(user_id, movie_id, rating, weight, rated_at); without timestamps every row is of 1970."""

    path: Path
    rows: pd.DataFrame
    has_times: bool


def read_ratings(path: Path, with_times: bool = True, notes: list[str] | None = None) -> RatingsFile:
    """Read user_id, movie_id, rating?, weight?, timestamp?; where there is no rating at all, every row is feedback.

    `notes` gets a sentence about ids that are written differently and are the same number.

    Raises:
        ConfigError: the file cannot be read, has no rows, or a value is not of its kind.
    """
    layout = read_layout(path, (*IDS, RATING, WEIGHT, *([TIMESTAMP] if with_times else [])), IDS)
    frame = _read_typed(layout)
    if frame.empty:
        raise ConfigError(f"{path} has a header and no rows; at least one is needed")
    is_rated = _check_values(layout, frame)
    if notes is not None:
        _note_leading_zeros(layout, frame, notes)
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
    return RatingsFile(path, rows.astype({RATED_AT: TIME}), times is not None)


def _read_typed(layout: Layout) -> pd.DataFrame:
    """Read numbers as numbers; ids that are no whole numbers come as text."""
    values = {name: pa.float64() for name in (RATING, WEIGHT) if name in layout.words}
    is_numeric = TIMESTAMP in layout.words and has_numeric_timestamps(layout)
    if TIMESTAMP in layout.words:
        values[TIMESTAMP] = pa.float64() if is_numeric else pa.string()
    for id_kind in (pa.int64(), pa.string()):
        table = read_columns(layout, {**dict.fromkeys(IDS, id_kind), **values})
        if table is not None:
            break
    else:
        raise refusal(layout, {**_number_rules(layout), **timestamp_rule(layout, is_numeric)})
    if any(table[name].null_count for name in IDS):
        raise refusal(layout, {name: RULES[name] for name in IDS})
    frame: pd.DataFrame = table.to_pandas()
    return frame.assign(**{name: whole_ids(frame[name]) for name in IDS})


def whole_ids(ids: pd.Series) -> pd.Series:
    """Return ids as int64 where all of them are whole numbers, such as 7 or 7.0, else as they are."""
    if ids.dtype.kind == "i":
        return ids.astype(np.int64)
    texts = ids.astype(str).str.strip()
    return texts.str.replace(r"\.0*$", "", regex=True).astype(np.int64) if texts.map(is_whole).all() else texts


def _note_leading_zeros(layout: Layout, frame: pd.DataFrame, notes: list[str]) -> None:
    """Note ids such as 007 that were read as numbers: 7 is the same then."""
    whole = [name for name in IDS if frame[name].dtype == np.int64]
    texts = read_columns(layout, dict.fromkeys(whole, pa.dictionary(pa.int32(), pa.string()))) if whole else None
    if texts is None:
        return
    for name in whole:
        written = pd.Series(texts.unify_dictionaries()[name].chunk(0).dictionary.to_pylist(), dtype="str")
        zeros = written[written.str.match(r"\s*[+-]?0\d")]
        if len(zeros):
            notes.append(
                f"{layout.path}: {len(zeros)} ids of column {layout.words[name]} begin with 0, such as {zeros.iloc[0]}"
                f"; they are read as numbers, the same as {int(float(zeros.iloc[0]))}"
            )


def _number_rules(layout: Layout) -> dict[str, Rule]:
    return {name: RULES[name] for name in (RATING, WEIGHT) if name in layout.words}


def _check_values(layout: Layout, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Refuse numbers that are none, and return which rows have a rating."""
    if RATING not in frame:
        is_rated = np.zeros(len(frame), np.bool_)
    else:
        is_rated = frame[RATING].notna().to_numpy()
        if np.isinf(frame[RATING]).any() or (WEIGHT not in frame and not is_rated.all()):
            raise refusal(layout, {RATING: RULES[RATING]})
    if WEIGHT in frame and not frame.loc[~is_rated, WEIGHT].between(0, 1).all():
        raise refusal(layout, {WEIGHT: RULES[WEIGHT]})
    return is_rated
