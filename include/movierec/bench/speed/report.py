"""The figures on speed as a table, for a terminal and for the documentation."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from movierec.data.dataset import Dataset
from movierec.rankers import registry

HEADING = "## Ranking speed"
PACKAGES = ("numpy", "scipy", "numba", "lightgbm", "implicit")
# Made of the others. Fitted once: what repeats would even out is small beside a minute or more.
COMPOSED = ("blend", "random_forest", "gradient_boosting", "hybrid")
HEAD = ("ranker", "fit s", "lists s", "M pairs/s", "peak MiB", "NDCG@10")
GOALS = (
    "Goals: all base rankers fitted in 60 s together, the hybrid's candidates, features and training beyond them in "
    "150 s, lists from 1M user–movie pairs a second, peak below 4 GiB; iALS and item-kNN fitted no slower than by "
    "`implicit`, EASE in at most 1.5 times its bare inverse. The learned rankers fit the base rankers three times."
)


@dataclass(frozen=True)
class Figures:
    """What one ranker or anchor took: seconds, pairs of a user and a movie that were scored, bytes."""

    name: str
    fit: float
    listing: float | None = None
    pairs: int = 0
    peak: int = 0
    ndcg: float | None = None
    stages: dict[str, float] = field(default_factory=dict)


def lines(figures: Sequence[Figures], source: str, dataset: Dataset) -> list[str]:
    """Return the lines of the section."""
    users, movies = dataset.ratings["user_id"].nunique(), len(dataset.movies)
    measured = f"{source}: {users:,} users, {movies:,} movies; nine tenths are learned from, the others judge NDCG."
    bases = [one for one in figures if one.name in registry.RANKERS and one.name not in COMPOSED]
    together = f"Base rankers fitted together: {sum(one.fit for one in bases):.1f} s."
    stages = [f"Of the {one.name}'s seconds: {_stages(one.stages)}." for one in figures if one.stages]
    return [machine(), "", measured, "", *table(figures), "", together, *stages, GOALS]


def table(figures: Sequence[Figures]) -> list[str]:
    """Return the lines of a table: a row for each ranker or anchor."""
    head = [_cells(HEAD), _cells(["---", *["---:"] * (len(HEAD) - 1)])]
    return head + [_cells(_row(one)) for one in figures]


def _row(one: Figures) -> list[str]:
    rate = None if one.listing is None else one.pairs / one.listing / 1e6
    numbers = (_number(one.listing, 2), _number(rate, 1), f"{one.peak >> 20:,}", _number(one.ndcg, 4))
    return [one.name, f"{one.fit:.2f}", *numbers]


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _cells(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _stages(stages: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in stages.items())


def machine() -> str:
    """Say what the figures were measured on, with what and when."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {cores} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {packages}."
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(none)"


def write(path: Path, section: Sequence[str]) -> None:
    """Put the lines in place of the section on ranking speed; the other sections of the page stay."""
    text = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    before, found, rest = text.partition(f"{HEADING}\n")
    after = rest[rest.index("\n## ") + 1 :] if found and "\n## " in rest else ""
    body = "\n".join([HEADING, "", *section, ""])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before.rstrip()}\n\n{body}{chr(10) + after if after else ''}", encoding="utf-8")
