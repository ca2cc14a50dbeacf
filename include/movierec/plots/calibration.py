"""Whether a higher score means more, and whether scores that claim to be probabilities are."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from movierec.plots.given import Given
from movierec.plots.style import BLUE, FAINT, GREEN, INK, ORANGE, SMALL, TEXT, apart, figure, label, png

LEARNED = {"hybrid": BLUE, "gradient_boosting": ORANGE, "random_forest": GREEN}
PROBABILITIES = ("gradient_boosting", "random_forest")  # the hybrid's score only orders
PARTS = 10
EXPLANATION = (
    "The movies of everybody's lists of 50, in ten equal parts by score. Solid: the share that viewers liked in the "
    "held-out ratings; a line that rises says that a higher score means more. Dashed: the probability that the ranker "
    "itself stated, which is true where it meets the solid line of its colour. The hybrid states none."
)


def draw(given: Given) -> tuple[str, str, bytes] | None:
    """Show the observed share of liked movies by decile of the score, for each learned ranker."""
    tables = {name: deciles(*found) for name in LEARNED if (found := given.liked(name)) is not None and found[1].any()}
    tables = {name: table for name, table in tables.items() if len(table) == PARTS}
    if not tables:
        return None
    title = _title(tables)
    drawn, axes = figure(5.6)
    axes.grid(axis="y", color=FAINT)
    lines = {
        f"{name.replace('_', ' ')}, liked": (LEARNED[name], table["liked"] * 100, "-") for name, table in tables.items()
    }
    for name in [name for name in PROBABILITIES if name in tables]:
        lines[f"{name.replace('_', ' ')}, stated"] = (LEARNED[name], tables[name]["score"] * 100, "--")
    for colour, values, style in lines.values():
        axes.plot(range(1, PARTS + 1), values, style, marker="o" if style == "-" else None, color=colour, linewidth=2.4)
    most = max(float(values.max()) for _, values, _ in lines.values())
    axes.set_ylim(0, most * 1.1)
    axes.set_xlim(0.6, PARTS * 1.34)
    axes.set_xticks(range(1, PARTS + 1), ["1\nlowest", *map(str, range(2, PARTS)), "10\nhighest"])
    _name(axes, lines, most)
    label(axes, title, "Tenth of the listed movies, by score", "Movies in it, % liked or stated to be")
    axes.tick_params(labelsize=TEXT)
    return title, EXPLANATION, png(drawn)


def deciles(scores: NDArray[np.float64], liked: NDArray[np.bool_]) -> pd.DataFrame:
    """Return (score, liked, movies): mean score and share liked of ten parts of equal size, the lowest score first.

    Scores below 0 are of movies that no model scored, only EASE; they are left out.
    """
    table = pd.DataFrame({"score": scores, "liked": liked.astype(np.float64)})[scores >= 0]
    order = table["score"].rank(method="first").to_numpy() - 1
    part = (order * PARTS // max(len(table), 1)).astype(np.int64)
    return table.groupby(part).agg(score=("score", "mean"), liked=("liked", "mean"), movies=("score", "size"))


def _title(tables: dict[str, pd.DataFrame]) -> str:
    name, table = next(iter(tables.items()))
    words, low, high = name.replace("_", " "), *table["liked"].iloc[[0, -1]]
    if high <= low:
        return f"Of the {words}'s top tenth no more were liked ({high:.1%}) than of its lowest ({low:.1%})"
    return f"Of the {words}'s top tenth {high:.1%} were liked, of its lowest {low:.1%}"


def _name(axes: Axes, lines: dict[str, tuple[str, pd.Series, str]], most: float) -> None:
    ends = [float(values.iloc[-1]) for _, values, _ in lines.values()]
    for (name, (colour, _, style)), end, place in zip(lines.items(), ends, apart(ends, most * 0.055), strict=True):
        axes.plot([PARTS + 0.15, PARTS + 0.45], [end, place], color=colour, linewidth=0.7)
        weight = "bold" if style == "-" else "normal"
        axes.text(PARTS + 0.5, place, name, color=colour, fontsize=SMALL, va="center", fontweight=weight)
    axes.spines["bottom"].set_color(INK)
