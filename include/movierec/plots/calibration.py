"""Whether a higher score means more. No score is a probability, so nothing is drawn that one could be compared with."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from movierec.data.arrays import Doubles
from movierec.evaluation.protocols import CUTOFFS
from movierec.plots.results import TrainingResults
from movierec.plots.style import BLUE, FAINT, GREEN, INK, ORANGE, SMALL, TEXT, figure, label, png, spread_labels
from movierec.text_table import readable

COLOURS = {"hybrid": BLUE, "gradient_boosting": ORANGE, "random_forest": GREEN}
DECILES = 10
EXPLANATION = (
    f"The movies of everybody's lists of {CUTOFFS[-1]}, in ten equal parts by score, and the share of each that "
    "viewers liked in the held-out ratings. A line that rises says that a higher score means more. Scores only order "
    "movies: they come from a sample in which rated and liked ones count more than others, and are not probabilities."
)


def draw(results: TrainingResults) -> tuple[str, str, bytes] | None:
    """Show the observed share of liked movies by decile of the score, for each learned ranker."""
    tables = {name: table for name in COLOURS if (table := _table(results, name)) is not None}
    if not tables:
        return None
    title = _title(tables)
    picture, axes = figure(5.6)
    axes.grid(axis="y", color=FAINT)
    lines = {readable(name): (COLOURS[name], table["liked"] * 100) for name, table in tables.items()}
    for colour, values in lines.values():
        axes.plot(range(1, DECILES + 1), values, marker="o", color=colour, linewidth=2.4)
    top = max(float(values.max()) for _, values in lines.values())
    axes.set_ylim(0, top * 1.1)
    axes.set_xlim(0.6, DECILES * 1.34)
    axes.set_xticks(range(1, DECILES + 1), ["1\nlowest", *map(str, range(2, DECILES)), "10\nhighest"])
    _name_lines(axes, lines, top)
    label(axes, title, "Tenth of the listed movies, by score", "Movies in it that were liked, %")
    axes.tick_params(labelsize=TEXT)
    return title, EXPLANATION, png(picture)


def _table(results: TrainingResults, ranker: str) -> pd.DataFrame | None:
    """Return the ranker's deciles; None without lists, where nobody liked a movie in them, or for fewer than ten."""
    observed = results.scores_and_likes(ranker)
    if observed is None or not observed[1].any():
        return None
    table = deciles(*observed)
    return table if len(table) == DECILES else None


def deciles(scores: Doubles, liked: NDArray[np.bool_]) -> pd.DataFrame:
    """Return (score, liked, movies): mean score and share liked of ten equal parts, the lowest scores first.

    Scores below 0 are of movies that no model scored, only EASE; they are left out.
    """
    table = pd.DataFrame({"score": scores, "liked": liked.astype(np.float64)})[scores >= 0]
    order = table["score"].rank(method="first").to_numpy() - 1
    part = (order * DECILES // max(len(table), 1)).astype(np.int64)
    return table.groupby(part).agg(score=("score", "mean"), liked=("liked", "mean"), movies=("score", "size"))


def _title(tables: dict[str, pd.DataFrame]) -> str:
    name, table = next(iter(tables.items()))
    words, low, high = readable(name), *table["liked"].iloc[[0, -1]]
    if high <= low:
        return f"Of the {words}'s top tenth no more were liked ({high:.1%}) than of its lowest ({low:.1%})"
    return f"Of the {words}'s top tenth {high:.1%} were liked, of its lowest {low:.1%}"


def _name_lines(axes: Axes, lines: dict[str, tuple[str, pd.Series]], top: float) -> None:
    ends = [float(values.iloc[-1]) for _, values in lines.values()]
    heights = spread_labels(ends, top * 0.055)
    for (name, (colour, _)), end, height in zip(lines.items(), ends, heights, strict=True):
        axes.plot([DECILES + 0.15, DECILES + 0.45], [end, height], color=colour, linewidth=0.7)
        axes.text(DECILES + 0.5, height, name, color=colour, fontsize=SMALL, va="center", fontweight="bold")
    axes.spines["bottom"].set_color(INK)
