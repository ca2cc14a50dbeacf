"""Timestamps of a file: seconds, milliseconds or more since 1970, or dates and times; in every row or in none."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from movierec.comparison.delimited import FileLayout, invalid_value, rows_of
from movierec.comparison.text_files import open_text
from movierec.comparison.value_rules import Rule, as_digits, as_number, has_lost_digits, is_number
from movierec.comparison.written_moments import is_compact, moments
from movierec.data.arrays import Doubles

TIMESTAMP = "timestamp"
EARLIEST = pd.Timestamp("1990-01-01", tz="UTC")  # as ops.earliest_time() has it for a night
MAX_BLUNT_SHARE = 0.9  # as ops.max_blunt_share() has it
MAX_MICROSECONDS = 4e18  # since 1970, far beyond any moment and within what 64 bits hold
# Numbers up to here are seconds since 1970, those up to 1e14 milliseconds, up to 1e17 microseconds, else nanoseconds.
TICKS_OF_1970 = 621_355_968e9
TICKS = (627_667_488e9, 662_380_416e9)  # of the years from 1990 to 2100; as nanoseconds they would all be of 1990
UNITS = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (np.inf, 1e-3))


def timestamps(layout: FileLayout, frame: pd.DataFrame, date_order: str | None = None) -> pd.Series | None:
    """Return the column of timestamps as times in UTC, or None where no row has one.

    `date_order` is that of dates which end in the year, where it is known.

    Raises:
        ConfigError: some rows have none, or one cannot be read.
    """
    column = frame[TIMESTAMP]
    if column.isna().all():
        return None
    if column.dtype.kind != "f" and _is_grouped(column.dropna().iloc[0]):
        digits = column.map(lambda text: as_digits(text.strip()), na_action="ignore")
        column = pd.to_numeric(digits, errors="coerce").astype(np.float64)
    if column.dtype.kind == "f":
        numbers = column.to_numpy(np.float64)
        if not np.isfinite(numbers).all():
            raise invalid_value(layout, timestamp_rule(layout, is_numeric=True))
        microseconds = np.where(is_ticks(numbers), _of_ticks(numbers), np.rint(numbers * _factors(np.abs(numbers))))
        if np.abs(microseconds).max() > MAX_MICROSECONDS:
            raise invalid_value(
                layout, {TIMESTAMP: (_is_moment, "a number of seconds, milliseconds or less since 1970")}
            )
        if _are_blunt(microseconds / 1e6):
            _require_all_digits(layout)
        since_1970 = microseconds.astype(np.int64).astype("datetime64[us]")
        return pd.Series(since_1970, column.index).dt.tz_localize("UTC")
    times = moments(column, date_order)
    if times.isna().any():
        raise invalid_value(layout, timestamp_rule(layout, is_numeric=False, date_order=date_order))
    return times


def _is_grouped(text: str) -> bool:
    """Tell whether a text is a whole number with separators of thousands, which Arrow does not read."""
    return not text.strip().isdecimal() and as_digits(text.strip()).isdecimal()


def is_ticks(numbers: Doubles) -> NDArray[np.bool_]:
    """Tell which numbers are ticks of .NET, tenths of a microsecond since the year 1, as ops.as_moment does."""
    found: NDArray[np.bool_] = (numbers >= TICKS[0]) & (numbers <= TICKS[1])
    return found


def _of_ticks(ticks: Doubles) -> Doubles:
    """Return microseconds since 1970, to the millisecond: a float holds no more of so large a number."""
    moments: Doubles = np.rint((ticks - TICKS_OF_1970) / 1e4) * 1e3
    return moments


def _factors(sizes: Doubles) -> Doubles | np.float64:
    """Return how many microseconds one unit of each number is: each tells its own by its size, as in ops.as_moment."""
    bounds, factors = (np.array(part) for part in zip(*UNITS, strict=True))
    smallest, largest = np.searchsorted(bounds, [sizes.min(), sizes.max()])
    return factors[largest] if smallest == largest else factors[np.searchsorted(bounds, sizes)]


def note_odd_times(path: Path, times: pd.Series, notes: list[str]) -> None:
    """Note where moments can hardly be those of ratings, so that only their order tells something."""
    first, last = times.min(), times.max()
    if first < EARLIEST or last > pd.Timestamp.now("UTC") + pd.Timedelta(days=1):
        notes.append(
            f"{path}: timestamps go from {first:%Y-%m-%d} to {last:%Y-%m-%d}: they are taken as an order, and days "
            "between them mean nothing"
        )
    elif _are_blunt(times.astype("int64").to_numpy() / 1e6):
        notes.append(
            f"{path}: timestamps are whole thousands of seconds, as where a program has lost their last digits: "
            f"{times.nunique()} distinct ones in {len(times)} rows"
        )


def _are_blunt(seconds: Doubles) -> bool:
    """Tell whether nearly all moments are blunt, as in ops.merged_value."""
    return bool(is_blunt(seconds).mean() > MAX_BLUNT_SHARE)


def is_blunt(seconds: Doubles) -> NDArray[np.bool_]:
    """Tell which moments are whole thousands of seconds and no full hours, as ops.is_blunt() does."""
    found: NDArray[np.bool_] = (seconds % 1000 == 0) & (seconds % 3600 != 0)
    return found


def _require_all_digits(layout: FileLayout) -> None:
    """Refuse numbers whose exponent says more digits than are written: they name moments that nobody meant.

    Raises:
        ConfigError: there is one.
    """
    position = layout.header.index(layout.words[TIMESTAMP])
    with open_text(layout.path) as file:
        next(file)
        has_exponents = any(
            has_lost_digits(cells[position].strip('" '))
            for line in file
            if len(cells := line.rstrip("\r\n").split(layout.delimiter)) > position
        )
    if has_exponents:
        allowed = "a number with all of its digits; an exponent has lost the others"
        raise invalid_value(layout, {TIMESTAMP: (lambda text: not has_lost_digits(text), allowed)})


def has_numeric_timestamps(layout: FileLayout) -> bool:
    """Tell by the first row that has a timestamp whether they are numbers."""
    position = layout.header.index(layout.words[TIMESTAMP])
    with open_text(layout.path) as file:
        rows = rows_of(layout, file)
        next(rows)
        for cells in rows:
            if len(cells) > position and cells[position].strip():
                return is_number(cells[position].strip()) and not is_compact(cells[position])
    return True


def timestamp_rule(layout: FileLayout, is_numeric: bool, date_order: str | None = None) -> dict[str, Rule]:
    """Return what a timestamp must be, a number or a date as the first one was; no rule without such a column."""
    if TIMESTAMP not in layout.words:
        return {}
    if is_numeric:
        allowed = "a number of seconds or milliseconds since 1970 in every row, or in none"
        return {TIMESTAMP: (lambda text: is_number(as_digits(text)), allowed)}

    def is_moment(text: str) -> bool:
        return bool(moments(pd.Series([text], dtype="str"), date_order).notna()[0])

    return {TIMESTAMP: (is_moment, "an ISO 8601 moment, or another date that is read, in every row or in none")}


def _is_moment(text: str) -> bool:
    number = abs(as_number(text))
    return number * next(factor for bound, factor in UNITS if number <= bound) <= MAX_MICROSECONDS
