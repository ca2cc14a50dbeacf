"""Dates that end in the year, such as 10/30/1995: whether day or month comes first, as their whole column tells.

A night and a comparison ask here. What such a date means once its order is known stands in `ops.iso_date()` and in
`movierec.comparison.written_moments`, one for text in the database and one for text in files.
"""

import re
from collections.abc import Hashable, Mapping
from typing import TypeVar

DAY_FIRST, MONTH_FIRST, UNKNOWN, MIXED = "dmy", "mdy", "unknown", "mixed"
KNOWN = (DAY_FIRST, MONTH_FIRST)
MONTHS = 12
Part = TypeVar("Part", bound=Hashable)

_SENTENCES = {
    DAY_FIRST: "{where}: dates such as {date} are read with the day first, {reason}",
    MONTH_FIRST: "{where}: dates such as {date} are read with the month first, {reason}",
    UNKNOWN: "{where}: dates such as {date} may have the day or the month first, and no row settles which: they are "
    "not read; allowed is ISO 8601, such as 1995-10-30",
    MIXED: "{where}: some dates have the day first and some the month, such as {date}: they are not read; allowed is "
    "ISO 8601, such as 1995-10-30",
}


def order_of_column(first_number: int, second_number: int) -> str:
    """Return the order that fits every row, by the largest numbers that stand first and second in front of the year."""
    if first_number > MONTHS and second_number > MONTHS:
        return MIXED
    if first_number > MONTHS:
        return DAY_FIRST
    return MONTH_FIRST if second_number > MONTHS else UNKNOWN


def settle_by_others(orders: Mapping[Part, str]) -> dict[Part, str]:
    """Return the orders of the parts of one table, which are written alike: what one leaves open, the others settle."""
    told = set(orders.values()) - {UNKNOWN}
    settled = told.pop() if len(told) == 1 and told <= set(KNOWN) else UNKNOWN
    return {part: settled if order == UNKNOWN else order for part, order in orders.items()}


def sentence(where: str, order: str, example: str) -> str:
    """Return how dates are read, or why they are not.

    `example` is a date with the largest number of its column, which beyond twelve is a day: where it has none, other
    parts of the table have settled the order.
    """
    numbers = map(int, re.findall(r"\d+", example)[:2])
    reason = "which fits every row" if max(numbers) > MONTHS else "as other parts of the table show"
    return _SENTENCES[order].format(where=where, date=example, reason=reason)
