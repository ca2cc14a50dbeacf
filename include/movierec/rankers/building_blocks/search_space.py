"""What may be tuned: the values from which a search chooses a ranker's hyper-parameters."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; `log` searches by ratio, `whole` gives integers."""

    low: float
    high: float
    log: bool = False
    whole: bool = False


@dataclass(frozen=True)
class Choice:
    """One of some values."""

    values: tuple[str | float | int | bool | None, ...]


Space = dict[str, Range | Choice]
