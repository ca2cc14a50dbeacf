"""Timestamps as people write them: seconds, milliseconds or more since 1970, or ISO 8601; in every row or in none."""

import numpy as np
import pandas as pd

from movierec.comparison.delimited import Layout, open_text, refusal
from movierec.comparison.value_rules import Rule, is_number

TIMESTAMP = "timestamp"
# Numbers up to here are seconds since 1970, those up to 1e14 milliseconds, up to 1e17 microseconds, else nanoseconds.
UNITS = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (np.inf, 1e-3))


def timestamps(layout: Layout, frame: pd.DataFrame) -> pd.Series | None:
    """Return the column of timestamps as times in UTC, or None where no row has one.

    Raises:
        ConfigError: some rows have none, or one cannot be read.
    """
    written = frame[TIMESTAMP]
    if written.isna().all():
        return None
    if written.dtype.kind == "f":
        numbers = written.to_numpy(np.float64)
        if not np.isfinite(numbers).all():
            raise refusal(layout, timestamp_rule(layout, is_numeric=True))
        factor = next(factor for bound, factor in UNITS if np.abs(numbers).max() <= bound)
        since_1970 = (numbers * factor).astype(np.int64).astype("datetime64[us]")
        return pd.Series(since_1970, written.index).dt.tz_localize("UTC")
    times = pd.to_datetime(written, utc=True, format="ISO8601", errors="coerce")
    if times.isna().any():
        raise refusal(layout, timestamp_rule(layout, is_numeric=False))
    return times


def has_numeric_timestamps(layout: Layout) -> bool:
    """Tell by the first row that has a timestamp whether they are numbers."""
    position = layout.header.index(layout.words[TIMESTAMP])
    with open_text(layout.path) as file:
        next(file)
        for line in file:
            cells = line.rstrip("\r\n").split(layout.delimiter)
            if len(cells) > position and cells[position].strip('" '):
                return is_number(cells[position].strip('" '))
    return True


def timestamp_rule(layout: Layout, is_numeric: bool) -> dict[str, Rule]:
    """Return what a timestamp must be, numbers or ISO 8601 as the first one was; no rule without such a column."""
    if TIMESTAMP not in layout.words:
        return {}
    if is_numeric:
        return {TIMESTAMP: (is_number, "a number of seconds or milliseconds since 1970 in every row, or in none")}
    return {TIMESTAMP: (_is_iso_8601, "an ISO 8601 moment in every row, or in none")}


def _is_iso_8601(text: str) -> bool:
    return bool(pd.notna(pd.to_datetime(text, format="ISO8601", errors="coerce")))
