"""Up to where a table of a foreign database has been read, and how that is kept between nights."""

import json
from dataclasses import asdict, dataclass
from decimal import Decimal

# A whole number as the time of a change counts seconds, milliseconds or microseconds: 1e11 s is the year 5138.
UNITS = ((Decimal("1e14"), 1_000_000), (Decimal("1e11"), 1_000))


@dataclass(frozen=True)
class Watermark:
    """What the next night needs to know.

    Attributes:
        value: the latest change that was read, as the source writes it.
        shape: the table's columns and types; rows that did not change lack what a new column says.
        settled: digest of the rows that are too old to be read again, where an update leaves no other trace.
    """

    value: str
    shape: str
    settled: str | None = None

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str | None) -> "Watermark | None":
        """Read what `to_json` wrote; anything else counts as no watermark, so that the table is read whole."""
        try:
            stored = json.loads(text or "null")
            return cls(**stored) if isinstance(stored, dict) else None
        except (ValueError, TypeError):
            return None


def unit(examples: list[str]) -> int:
    """Return how many of them make a second, by the median, so that a few wrong stamps do not decide."""
    values = sorted(value for value in map(Decimal, examples) if value.is_finite())
    middle = abs(values[len(values) // 2]) if values else Decimal(0)
    return next((per_second for above, per_second in UNITS if middle >= above), 1)
