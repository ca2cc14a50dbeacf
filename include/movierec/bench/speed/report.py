"""The figures on speed as a table, for a terminal and for the documentation."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from movierec.bench.machine import describe, with_version
from movierec.data.columns import USER
from movierec.data.dataset import Dataset
from movierec.rankers import registry
from movierec.text_table import markdown

HEADING = "## Ranking speed"
PACKAGES = ("numpy", "scipy", "numba", "lightgbm", "implicit")
# Made of other rankers. Fitted once: what repeats would even out is small beside a minute or more.
COMPOSED = ("blend", *filter(registry.is_learned, registry.RANKERS))
HEADS = ("ranker", "fit s", "lists s", "M pairs/s", "peak MiB", "NDCG@10")
GOALS = (
    "Goals: all base rankers fitted in 60 s together, the hybrid's candidates, features and training beyond them in "
    "150 s, lists from 1M user–movie pairs a second, peak below 4 GiB; iALS and item-kNN fitted no slower than by "
    "`implicit`, EASE in at most 1.5 times its bare inverse. The learned rankers fit the base rankers three times."
)


@dataclass(frozen=True)
class Figures:
    """What was measured of one ranker or anchor.

    Attributes:
        name: of the ranker or the anchor.
        fit_seconds: to fit it, without the movies' features.
        list_seconds: to make everybody's lists.
        pairs: of a user and a movie that were scored for the lists.
        peak_bytes: most memory that its process had.
        ndcg: of the lists.
        stages: the seconds of each stage of a learned ranker's fit.
    """

    name: str
    fit_seconds: float
    list_seconds: float | None = None
    pairs: int = 0
    peak_bytes: int = 0
    ndcg: float | None = None
    stages: dict[str, float] = field(default_factory=dict)


def lines(figures: Sequence[Figures], source: str, dataset: Dataset) -> list[str]:
    """Return the lines of the section."""
    users, movies = dataset.ratings[USER].nunique(), len(dataset.movies)
    data = f"{source}: {users:,} users, {movies:,} movies; nine tenths are learned from, NDCG is of the others."
    base_rankers = [one for one in figures if one.name in registry.RANKERS and one.name not in COMPOSED]
    together = f"Base rankers fitted together: {sum(one.fit_seconds for one in base_rankers):.1f} s."
    stages = [f"Of the {one.name}'s seconds: {_stages(one.stages)}." for one in figures if one.stages]
    measured = describe([with_version(package) for package in PACKAGES])
    return [measured, "", data, "", *table(figures), "", together, *stages, GOALS]


def table(figures: Sequence[Figures]) -> list[str]:
    """Return the lines of a table: a row for each ranker or anchor."""
    return markdown(HEADS, map(_row, figures))


def _row(one: Figures) -> list[str]:
    rate = None if one.list_seconds is None else one.pairs / one.list_seconds / 1e6
    numbers = (_number(one.list_seconds, 2), _number(rate, 1), f"{one.peak_bytes >> 20:,}", _number(one.ndcg, 4))
    return [one.name, f"{one.fit_seconds:.2f}", *numbers]


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _stages(stages: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in stages.items())
