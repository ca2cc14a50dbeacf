"""Whether scores are true: the share that was liked among movies that got about the same score."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from movierec.plots.given import Given
from movierec.plots.style import BLUE, FAINT, GREEN, GREY, INK, ORANGE, SMALL, TEXT, apart, figure, label, png

LEARNED = {"hybrid": BLUE, "gradient_boosting": ORANGE, "random_forest": GREEN}
PARTS = 10
EXPLANATION = (
    "The movies in everybody's lists of 50, in ten equal parts by score; for each part the share that its viewers "
    "liked in the held-out ratings. On the dashed line a score is the probability to be liked; a held-out part holds "
    "only what a viewer did rate, so lists of a good ranker lie below it. Rising lines order well, which is all that "
    "ranking needs."
)


def draw(given: Given) -> tuple[str, str, bytes] | None:
    """Show the observed share of liked movies by decile of the score, for each learned ranker."""
    lines = {name: deciles(*found) for name in LEARNED if (found := given.liked(name)) is not None and found[1].any()}
    lines = {name: table for name, table in lines.items() if len(table) > 1}
    if not lines:
        return None
    title = _title(lines)
    drawn, axes = figure(5.4)
    most = max(float(table["liked"].max()) for table in lines.values()) * 100
    axes.grid(color=FAINT)
    axes.plot([0, 1], [0, 100], color=GREY, linewidth=1.2, linestyle=(0, (4, 4)))
    for name, table in lines.items():
        axes.plot(table["score"], table["liked"] * 100, "o-", color=LEARNED[name], linewidth=2.4, markersize=7)
    axes.set_xlim(0, max(float(table["score"].max()) for table in lines.values()) * 1.3)
    axes.set_ylim(0, most * 1.25)
    _name(axes, lines, most)
    reach = min(axes.get_xlim()[1] * 0.3, axes.get_ylim()[1] / 100 * 0.9)
    axes.text(reach, reach * 100, " a score that is a probability", fontsize=SMALL, color=GREY, va="top")
    label(axes, title, "Mean score of a tenth of the listed movies (0 to 1)", "Liked in the held-out ratings, %")
    axes.tick_params(labelsize=TEXT)
    return title, EXPLANATION, png(drawn)


def deciles(scores: np.ndarray, liked: np.ndarray) -> pd.DataFrame:
    """Return (score, liked, movies): mean score and share liked of ten parts of equal size, by score.

    Scores below 0 are of movies that no model scored, only EASE; they are left out.
    """
    table = pd.DataFrame({"score": scores, "liked": liked.astype(np.float64)})[scores >= 0]
    if table.empty:
        return pd.DataFrame(columns=["score", "liked", "movies"])
    order = table["score"].rank(method="first").to_numpy() - 1
    part = (order * PARTS // len(table)).astype(np.int64)
    return table.groupby(part).agg(score=("score", "mean"), liked=("liked", "mean"), movies=("score", "size"))


def _title(lines: dict[str, pd.DataFrame]) -> str:
    name, table = next(iter(lines.items()))
    words, low, high = name.replace("_", " "), *table["liked"].iloc[[0, -1]]
    if high <= low:
        return f"A high score of {words} says nothing: {high:.1%} of its best tenth was liked, {low:.1%} of its last"
    return f"A score of {words} tells: {high:.0%} of its best tenth was liked, {low:.1%} of its last"


def _name(axes: Axes, lines: dict[str, pd.DataFrame], most: float) -> None:
    ends = [float(table["liked"].iloc[-1]) * 100 for table in lines.values()]
    right = axes.get_xlim()[1] * 0.79
    for (name, table), end, place in zip(lines.items(), ends, apart(ends, most * 0.06), strict=True):
        axes.plot([float(table["score"].iloc[-1]), right], [end, place], color=LEARNED[name], linewidth=0.7)
        axes.text(right, place, f" {name.replace('_', ' ')}", color=LEARNED[name], fontsize=TEXT, va="center")
    axes.spines["bottom"].set_color(INK)
