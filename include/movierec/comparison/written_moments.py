"""Moments and dates as people write them, in the forms that `ops.as_time` and `ops.as_date` read in a night."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from movierec.date_order import DAY_FIRST, KNOWN, order_of_column, sentence, settle_by_others

FIRST_ROWS = 1_000  # which tell whether a column has dates that end in the year, as in ops.ordered_dates()
_ORDERED = r"^ *([0-9]{1,2})[/.-]([0-9]{1,2})[/.-][0-9]{4}(?=$|[ ,T])"  # as ops.is_ordered_date() has it
_COMPACT = r" *(?:19|20)\d{6}(?:\d{6})? *"
_NAMES = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTHS = {name[:length]: at for at, name in enumerate(_NAMES, start=1) for length in (3, len(name))} | {"sept": 9}
_ZONE = r" *(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
_CLOCK = r"[ ,T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}(?:[.,]\d+)?))?(?: *(?P<half>[ap])m)?"
_COMPACT_CLOCK = r"(?:T|(?=\d{6} *$))(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2}(?:[.,]\d+)?)?"
_FORMS = tuple(
    re.compile(rf" *{date}(?:{clock}{_ZONE})? *", re.IGNORECASE)
    for date, clock in (
        (r"(?P<first>\d{1,2})[/.-](?P<second_number>\d{1,2})[/.-](?P<year>\d{4})", _CLOCK),
        (r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})", _CLOCK),
        (r"(?P<day>\d{1,2})[- ](?P<name>[a-z]{3,9})[- ](?P<year>\d{4})", _CLOCK),
        (r"(?P<name>[a-z]{3,9}) (?P<day>\d{1,2}),? (?P<year>\d{4})", _CLOCK),
        (r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})", _COMPACT_CLOCK),
    )
)


def is_compact(text: str) -> bool:
    """Tell whether digits alone are a day or a moment of it; as numbers, they would be of 1970 or of the year 2600."""
    return re.fullmatch(_COMPACT, text) is not None


class DateOrder(NamedTuple):
    """How dates that end in the year are written in a column, and the sentence that says so."""

    order: str
    sentence: str


def date_orders(columns: Mapping[Path, pd.Series]) -> dict[Path, DateOrder]:
    """Return how dates that end in the year are written in columns of texts, by the files that hold the columns.

    The files are parts of one table. Those without such dates among their first rows are left out.
    """
    found = {file: dates for file, texts in columns.items() if (dates := _ordered_dates(texts))}
    orders = settle_by_others({file: order_of_column(first, second) for file, (first, second, _) in found.items()})
    return {file: DateOrder(order, sentence(str(file), order, found[file][2])) for file, order in orders.items()}


def _ordered_dates(texts: pd.Series) -> tuple[int, int, str] | None:
    """Return the largest first and second numbers of dates that end in the year, and a date with the largest of all."""
    given = texts.dropna()
    if not given.head(FIRST_ROWS).str.match(_ORDERED).any():
        return None
    numbers = given.str.extract(_ORDERED).dropna().astype(int)
    example = given.loc[numbers.index].iloc[int(numbers.max(axis="columns").argmax())]
    return int(numbers[0].max()), int(numbers[1].max()), str(example).strip()


def moments(texts: pd.Series, order: str | None = None) -> pd.Series:
    """Return times in UTC, NaT for what is none; `order` is that of dates which end in the year."""
    plain = texts.str.replace(r"\s*(?:UTC|GMT)\s*$", "Z", regex=True)  # as BigQuery and others write it
    times = pd.to_datetime(plain, utc=True, format="ISO8601", errors="coerce")
    others = texts[times.isna() & texts.notna()]
    if others.empty:
        return times
    written = {text: iso_moment(text, order) for text in others.unique()}
    return times.fillna(pd.to_datetime(others.map(written), utc=True, format="ISO8601", errors="coerce"))


def iso_moment(text: str, order: str | None) -> str | None:
    """Return a moment as ISO 8601 writes it; None for what has no form that is read, or an order that is not known."""
    found = next(filter(None, (form.fullmatch(text) for form in _FORMS)), None)
    part = {} if found is None else {name: value for name, value in found.groupdict().items() if value}
    if "first" in part and order in KNOWN:
        days = (part["first"], part["second_number"])
        part["day"], part["month"] = days if order == DAY_FIRST else days[::-1]
    month = _MONTHS.get(part["name"].lower()) if "name" in part else part.get("month")
    if month is None:
        return None
    return f"{part['year']}-{int(month):02}-{int(part['day']):02}T{_clock(part)}"


def _clock(part: Mapping[str, str]) -> str:
    """Return time and zone; noon is 12 PM and midnight 12 AM."""
    hour, half = int(part.get("hour", 0)), part.get("half", "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    second = part.get("second", "00").replace(",", ".")
    zone = part.get("zone", "Z").upper()
    return f"{hour:02}:{part.get('minute', '00')}:{second}{'Z' if zone in ('UTC', 'GMT') else zone}"
