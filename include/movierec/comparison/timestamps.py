"""Moments as people write them: seconds, milliseconds or more since 1970, or ISO 8601; in every row or in none."""

import numpy as np
import pandas as pd

from movierec.comparison.delimited import Layout, Rule, is_number, open_text, refuse

TIMESTAMP = "timestamp"
# Numbers up to here are seconds since 1970, those up to 1e14 milliseconds, up to 1e17 microseconds, else nanoseconds.
UNITS = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (np.inf, 1e-3))


def moments(found: Layout, frame: pd.DataFrame) -> pd.Series | None:
    """Return the moments, or None where no row has one.

    Raises:
        ConfigError: some rows have none, or it cannot be read.
    """
    given = frame[TIMESTAMP]
    if given.isna().all():
        return None
    if given.dtype.kind == "f":
        numbers = given.to_numpy(np.float64)
        if not np.isfinite(numbers).all():
            raise refuse(found, moment_rule(found, True))
        factor = next(factor for bound, factor in UNITS if np.abs(numbers).max() <= bound)
        since_1970 = (numbers * factor).astype(np.int64).astype("datetime64[us]")
        return pd.Series(since_1970, given.index).dt.tz_localize("UTC")
    times = pd.to_datetime(given, utc=True, format="ISO8601", errors="coerce")
    if times.isna().any():
        raise refuse(found, moment_rule(found, False))
    return times


def is_numeric(found: Layout) -> bool:
    """Tell by the first row that has a timestamp whether they are numbers."""
    position = found.header.index(found.words[TIMESTAMP])
    with open_text(found.path) as file:
        next(file)
        for line in file:
            cells = line.rstrip("\r\n").split(found.delimiter)
            if len(cells) > position and cells[position].strip('" '):
                return is_number(cells[position].strip('" '))
    return True


def moment_rule(found: Layout, numeric: bool) -> dict[str, Rule]:
    """Say what a moment must be, once the first one was a number or not; nothing where there are none."""
    if TIMESTAMP not in found.words:
        return {}
    if numeric:
        return {TIMESTAMP: (is_number, "a number of seconds or milliseconds since 1970 in every row, or in none")}
    return {TIMESTAMP: (_is_moment, "an ISO 8601 moment in every row, or in none")}


def _is_moment(text: str) -> bool:
    return bool(pd.notna(pd.to_datetime(text, format="ISO8601", errors="coerce")))
