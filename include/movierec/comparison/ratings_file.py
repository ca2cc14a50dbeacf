"""A file of ratings or other feedback, as rows of a dataset whose ids may still be text."""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from movierec.comparison.delimited import FileLayout, invalid_value, read_columns, read_layout
from movierec.comparison.timestamps import TIMESTAMP, has_numeric_timestamps, timestamp_rule, timestamps
from movierec.comparison.value_rules import Rule, as_number, is_given, is_number
from movierec.comparison.written_moments import date_orders
from movierec.data.columns import MOVIE, RATED_AT, RATING, USER, WEIGHT
from movierec.data.dataset import TIME
from movierec.date_order import KNOWN
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


class _Table(NamedTuple):
    """A file as it was read, before its timestamps are understood."""

    layout: FileLayout
    frame: pd.DataFrame
    is_rated: NDArray[np.bool_]

    @property
    def has_dates(self) -> bool:
        """Whether timestamps are texts."""
        return TIMESTAMP in self.frame and self.frame[TIMESTAMP].dtype.kind != "f"


def read_ratings_files(
    paths: Mapping[str, Path], notes: list[str], without_times: Container[str]
) -> dict[str, RatingsFile]:
    """Read user_id, movie_id, rating?, weight?, timestamp?; where there is no rating at all, every row is feedback.

    Ids are the texts that the files hold. How dates are written that end in the year, one file may tell for all.

    Args:
        paths: the files by their names.
        notes: get a sentence for each file with such dates.
        without_times: names of files whose timestamps are not looked at.

    Raises:
        ConfigError: a file cannot be read, has no rows, or a value is not of its kind.
    """
    tables = {name: _read_table(path, with_times=name not in without_times) for name, path in paths.items()}
    orders = date_orders({paths[name]: table.frame[TIMESTAMP] for name, table in tables.items() if table.has_dates})
    for order, sentence in orders.values():
        if order not in KNOWN:
            raise ConfigError(sentence)
        notes.append(sentence)
    known = {path: order for path, (order, _) in orders.items()}
    return {name: _ratings_file(table, known.get(paths[name])) for name, table in tables.items()}


def _read_table(path: Path, with_times: bool) -> _Table:
    layout = read_layout(path, (*IDS, RATING, WEIGHT, *([TIMESTAMP] if with_times else [])), IDS)
    frame = _read_typed(layout)
    if frame.empty:
        raise ConfigError(f"{path} has a header and no rows; at least one is needed")
    return _Table(layout, frame, _check_values(layout, frame))


def _ratings_file(table: _Table, date_order: str | None) -> RatingsFile:
    layout, frame, is_rated = table
    times = timestamps(layout, frame, date_order) if TIMESTAMP in frame else None
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
        path=layout.path,
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
    table = read_columns(layout, kinds, IDS)
    if table is None:
        table = read_columns(layout, kinds, IDS, decimal_point=",")
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
