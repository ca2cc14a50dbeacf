"""The scale on which a source's ratings are given: declared in a setting, or inferred from all of its ratings.

A tally counts how often each value occurs. Ratings are inferred to be on one of a few scales, and only where the tally
leaves no reasonable doubt: a scale that is mistaken makes every rating wrong, so that doubt is an error which says how
to declare the scale. A few values off the scale raise no doubt; they are rejected row by row.
"""

# ruff: noqa: PLR2004 - the ends of usual scales say what they are

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from movierec.errors import ConfigError

Tally = Mapping[float, int]  # rows by rating

MIN_RATINGS = 20  # fewer say too little to refuse anything
MIN_USED_SHARE = 0.25  # of a declared scale
MIN_WITHOUT_FOURS = 100  # of so many ratings on five stars some are above three
MIN_WITHOUT_FIVES = 1_000  # and of so many some are above four
MAX_STRAY_ROWS = 2  # so many rows, or this share of them, may be off the scale by accident
MAX_STRAY_SHARE = 0.02
MAX_CHANCE = 1e-6  # with which parts of one scale may look as different as two do
MAX_BROKEN_SHARE = 0.2  # of rows with numbers that are on no scale, such as a time in the column of ratings
WIDEST_SCALE = (-1.0, 100.0)  # of all usual scales and marks
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_SCALE = re.compile(rf"({_NUMBER})\s*(?:-|–|to|\.\.)\s*({_NUMBER})(?:\s+unrated\s+({_NUMBER}(?:\s*/\s*{_NUMBER})*))?")
ALLOWED = "a scale such as 1-10, or 1-10 unrated 0 where 0 means seen and not rated"


class _Number(Protocol):
    """A number, or an array of them; numpy is not imported here, because web pages need the scale, too."""

    def __sub__(self, other: float, /) -> Any: ...


Ratings = TypeVar("Ratings", bound=_Number)


@dataclass(frozen=True)
class RatingScale:
    """Lowest and highest rating, and the values that stand for "seen, not rated"."""

    low: float = 0.5
    high: float = 5.0
    unrated: tuple[float, ...] = ()

    def __str__(self) -> str:
        """Return the scale in words."""
        marks = "".join(f", {value:g} is not rated" for value in self.unrated)
        return f"{self.low:g} to {self.high:g}{marks}"

    @property
    def is_stars(self) -> bool:
        """Whether ratings are taken as they are."""
        return self.low >= STARS.low and self.high <= STARS.high

    def holds(self, value: float) -> bool:
        """Tell whether a value may stand in a row."""
        return self.low <= value <= self.high or value in self.unrated

    def stars(self, value: Ratings) -> Ratings:
        """Return ratings on the scale from 0.5 to 5, to which other scales are stretched linearly."""
        if self.is_stars:
            return value
        stretched: Ratings = STARS.low + (value - self.low) * (STARS.high - STARS.low) / (self.high - self.low)
        return stretched


STARS = RatingScale()


@dataclass(frozen=True)
class Inference:
    """A scale, and how sure it is: `certain`, `likely`, or `few ratings` where too few came to be sure of anything."""

    scale: RatingScale
    certainty: str


class ScaleError(ConfigError):
    """The scale of ratings cannot be told; the message says what was seen and which declarations would settle it."""


def parse_scale(text: str, name: str) -> RatingScale:
    """Read `1-10` or `1-10 unrated 0`; `name` is what the message calls the setting.

    Raises:
        ConfigError: the text is not a scale.
    """
    found = _SCALE.fullmatch(text.strip())
    if not found or float(found[1]) >= float(found[2]):
        raise ConfigError(f"{name} is '{text}'; allowed is {ALLOWED}")
    unrated = tuple(float(value) for value in (found[3] or "").split("/") if value.strip())
    scale = RatingScale(float(found[1]), float(found[2]), unrated)
    if any(scale.low < value <= scale.high for value in unrated):
        raise ConfigError(f"{name} is '{text}': what is not rated lies on the scale; allowed is {ALLOWED}")
    return scale


def parse_scales(text: str, name: str) -> dict[str, RatingScale]:
    """Read the scales of several sources, such as `1-10, shop=0-10 unrated -1`; without a name it is the rating files'.

    Raises:
        ConfigError: a part is not a scale, or a source stands twice.
    """
    scales: dict[str, RatingScale] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        source, _, scale = part.rpartition("=")
        source = source.strip() or "movielens"
        if source in scales:
            raise ConfigError(f"{name} is '{text}': {source} stands twice; allowed is one scale for each source")
        scales[source] = parse_scale(scale, name)
    return scales


def stray_rows(scale: RatingScale, tally: Tally) -> dict[float, int]:
    """Return the values that the scale does not hold, and their rows."""
    return {value: rows for value, rows in sorted(tally.items()) if not scale.holds(value)}


def is_stray(rows: int, total: int) -> bool:
    """Tell whether so few of all rows may be off a scale by accident."""
    return rows <= max(MAX_STRAY_ROWS, MAX_STRAY_SHARE * total)


def infer(tally: Tally, few: RatingScale | None = None) -> Inference:
    """Return the scale that a tally speaks for; `few` is that of too few ratings, else the majority of them decides.

    Raises:
        ScaleError: it speaks for more than one.
    """
    possible = {value: rows for value, rows in tally.items() if WIDEST_SCALE[0] <= value <= WIDEST_SCALE[1]}
    if sum(possible.values()) < (1 - MAX_BROKEN_SHARE) * sum(tally.values()):
        raise _doubt(tally, ("{:g}-{:g}".format(*bulk(tally)),))
    if set(possible) <= {-1.0, 0.0, 1.0} and {-1.0, 1.0} <= set(possible):
        raise _doubt(possible, ("-1-1",))  # thumbs down and up, not "seen"
    is_mark = -1 in possible and not is_stray(possible[-1], sum(possible.values()))
    unrated = (-1.0,) if is_mark and not any(-1 < value < 0 for value in possible) else ()
    rated = {value: rows for value, rows in possible.items() if value not in unrated}
    total = sum(rated.values())
    if total < MIN_RATINGS:
        return Inference(few or _by_majority(rated, total, unrated), "few ratings")
    low, high = bulk(rated)
    if low < 0 or high > 100:
        raise _doubt(rated, (f"{low:g}-{high:g}",))
    if high <= 5:
        return _up_to_five(rated, low, high, unrated)
    return _up_to_ten(rated, low, high, unrated) if high <= 10 else _up_to_hundred(rated, low, high, unrated)


def disagreement(parts: Mapping[str, Tally]) -> str | None:
    """Say which two parts cannot be of one scale: one ends where most ratings of the other lie beyond."""
    large = {name: tally for name, tally in parts.items() if sum(tally.values()) >= MIN_RATINGS}
    for name, tally in large.items():
        high = bulk(tally)[1]
        for other, other_tally in large.items():
            beyond = sum(rows for value, rows in other_tally.items() if value > high) / sum(other_tally.values())
            if high <= _end_below(other_tally) and (1 - beyond) ** sum(tally.values()) < MAX_CHANCE:
                return f"in {name} {describe(tally)}; in {other} {describe(other_tally)}"
    return None


def _end_below(tally: Tally) -> float:
    """Return the end of the next smaller usual scale: 5 where the ratings go to 10, 10 where they go to 100."""
    high = bulk(tally)[1]
    return max((end for end in (1.0, 5.0, 10.0) if end < high), default=0.0)


def bulk(rated: Tally) -> tuple[float, float]:
    """Return the lowest and highest value that more rows lie at or beyond than by accident."""
    return _first_reached(rated, sorted(rated)), _first_reached(rated, sorted(rated, reverse=True))


def _first_reached(rated: Tally, values: list[float]) -> float:
    total, beyond = sum(rated.values()), 0
    for value in values:
        beyond += rated[value]
        if not is_stray(beyond, total):
            return value
    return values[-1]


def _by_majority(rated: Tally, total: int, unrated: tuple[float, ...]) -> RatingScale:
    for above, low, high in ((10, 0.0, 100.0), (5, 1.0, 10.0)):
        if sum(rows for value, rows in rated.items() if value > above) * 2 > total:
            return RatingScale(low, high, unrated)
    return RatingScale(unrated=unrated)


def _up_to_five(rated: Tally, low: float, high: float, unrated: tuple[float, ...]) -> Inference:
    if high <= 1:
        if any(value % 0.5 for value in rated if low <= value <= high):
            return Inference(RatingScale(0.0, 1.0, unrated), "likely")
        raise _doubt(rated, ("0-1", "0.5-5", "1-5"))
    if low == 0:
        raise _doubt(rated, (*([f"0-{high:g}"] if high < STARS.high else []), "0-5", "0.5-5 unrated 0"))
    if low < STARS.low:
        raise _doubt(rated, ("0-5",))
    if low < high <= 4 and sum(rated.values()) >= (MIN_WITHOUT_FOURS if high <= 3 else MIN_WITHOUT_FIVES):
        raise _doubt(rated, (f"{low:g}-{high:g}", "0.5-5", "1-5"))
    above = {value: rows for value, rows in rated.items() if high < value <= 10 and not value % 1}
    if sum(above.values()) > MAX_STRAY_ROWS and len(above) >= _GRID:
        raise _doubt(rated, ("0.5-5", "1-10"))
    return Inference(RatingScale(unrated=unrated), "certain" if high > 4 else "likely")


_GRID = 3  # so many different whole numbers above 5 are a scale, not an accident
_DOUBTFUL_SHARE = 0.05


def _up_to_ten(rated: Tally, low: float, high: float, unrated: tuple[float, ...]) -> Inference:
    total = sum(rated.values())
    above = {value: rows for value, rows in rated.items() if 5 < value <= 10 and not is_stray(rows, total)}
    if high < 9 or (len(above) < _GRID and sum(above.values()) < _DOUBTFUL_SHARE * total):
        raise _doubt(rated, ("0.5-5", f"1-{high:g}", "1-10"))
    if low == 0:
        raise _doubt(rated, ("0-10", "1-10 unrated 0"))
    scale = RatingScale(0.5 if low < 1 else 1.0, 10.0, unrated)
    if low < 0.5:
        raise _doubt(rated, ("0-10",))
    return Inference(scale, "certain" if high == 10 and len(above) >= _GRID else "likely")


def _up_to_hundred(rated: Tally, low: float, high: float, unrated: tuple[float, ...]) -> Inference:
    total = sum(rated.values())
    if high < 50 or sum(rows for value, rows in rated.items() if value > 10) * 2 <= total:
        raise _doubt(rated, (f"1-{high:g}", f"0-{high:g}", "0-100"))
    return Inference(RatingScale(1.0 if min(rated) == 1 else 0.0, 100.0, unrated), "certain" if high > 90 else "likely")


def _doubt(rated: Tally, declarations: tuple[str, ...]) -> ScaleError:
    choices = " or ".join(f"'{text}'" for text in dict.fromkeys(declarations))
    return ScaleError(f"the scale of the ratings cannot be told: {describe(rated)}; declare it, such as {choices}")


def unused_part(scale: RatingScale, tally: Tally) -> str | None:
    """Say so where ratings lie in a small part of the scale that was declared for them, as where it is another's."""
    rated = {value: rows for value, rows in tally.items() if scale.low <= value <= scale.high}
    if sum(rated.values()) < MIN_RATINGS:
        return None
    low, high = bulk(rated)
    if high - low > MIN_USED_SHARE * (scale.high - scale.low):
        return None
    return f"of the scale from {scale} that is declared, ratings use no more than {low:g} to {high:g}: is it theirs?"


def describe(tally: Tally, most: int = 6) -> str:
    """Return the range of a tally and its most frequent values, in words."""
    if not tally:
        return "there is no rating"
    values = sorted(sorted(tally, key=lambda value: -tally[value])[:most])
    counts = ", ".join(f"{value:g} ({tally[value]:,})" for value in values)
    return f"they go from {min(tally):g} to {max(tally):g}, most often {counts}"
