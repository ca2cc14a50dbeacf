"""What a value of a column must be, and how that is told to whoever wrote the file."""

import math
import re
from collections.abc import Callable

Rule = tuple[Callable[[str], bool], str]  # whether a text is right, and what is allowed
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
