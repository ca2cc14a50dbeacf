"""What a value of a column must be, and how that is told to whoever wrote the file."""

import math
import re
from collections.abc import Callable
from decimal import Decimal

Rule = tuple[Callable[[str], bool], str]  # whether a text is right, and what is allowed
# 7.0 and 7,0 are 7, also among names; 1.000 may be one or a thousand, and is a name
_WHOLE = re.compile(r"(?![+-]?[1-9]\d{0,2}\.000$)([+-]?\d+)(?:\.0*|,0{0,2})")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(?:[,'\u2019 \u00a0\u202f]\d{3})+|(?:\.\d{3}){2,})")
_EXPONENT = re.compile(r"[+-]?\d(?:[.,](\d*))?[eE]\+?(\d+)")
NO_VALUE = ("", "NaN", "nan", "NA", "<NA>", "NaT", "NULL", "null", "None", "\\N")


def is_given(text: str) -> bool:
    """Tell whether there is a value at all."""
    return text not in NO_VALUE


def is_whole(text: str) -> bool:
    """Tell whether a text is a whole number, written with or without a point; 1.000 may as well be a thousand."""
    return re.fullmatch(r"(?![+-]?[1-9]\d{0,2}\.000$)[+-]?\d{1,18}(\.0*)?", text) is not None


def is_number(text: str) -> bool:
    """Tell whether a text is a finite number, in digits of ASCII, with a point or a comma."""
    found = re.fullmatch(r"\s*[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:e[+-]?\d+)?\s*", text, re.ASCII | re.IGNORECASE)
    return found is not None and math.isfinite(as_number(text))


def as_number(text: str) -> float:
    """Return a number, which may have a comma for its point."""
    return float(text.replace(",", "."))


def has_lost_digits(text: str) -> bool:
    """Tell whether an exponent says more digits than there are; Java and Spark leave out zeros alone (9.6507014E8)."""
    if re.fullmatch(r"\d\.\d{6,}E\d+", text):
        return False
    found = _EXPONENT.fullmatch(text)
    return found is not None and len(found[1] or "") < int(found[2])


def as_digits(text: str) -> str:
    """Return a whole number as its digits, whatever program wrote it, and any other text as it is.

    `ops.whole_digits` does the same in a night.
    """
    if text.isdecimal():
        return text
    if whole := _WHOLE.fullmatch(text):
        return whole[1]
    if _GROUPED.fullmatch(text):
        return re.sub(r"[^\d+-]", "", text)
    if _EXPONENT.fullmatch(text) and not has_lost_digits(text):
        number = Decimal(text.replace(",", "."))
        return str(int(number)) if number == number.to_integral_value() else text
    return text
