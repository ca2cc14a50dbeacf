"""What being right costs in variety: NDCG against the share of the catalogue that anybody is shown."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from movierec.plots.given import Given
from movierec.plots.style import BLUE, FAINT, GREY, INK, SMALL, apart, figure, label, png

EXPLANATION = (
    "Each point is a ranker: to the right it shows more of the catalogue, further up it is right more often. Those in "
    "blue are beaten by nobody on both at once."
)
NEAR = 0.06  # of the width: labels so close may overlap


def draw(given: Given) -> tuple[str, str, bytes] | None:
    """Show every ranker by coverage and NDCG@10; those that nobody beats on both are joined."""
    ndcg, coverage = (given.totals(metric).set_index("ranker")["value"] for metric in ("ndcg", "coverage"))
    points = pd.DataFrame({"ndcg": ndcg, "coverage": coverage * 100}).dropna()
    if len(points) < 2:  # noqa: PLR2004
        return None
    front = _front(points)
    title = _title(points)
    drawn, axes = figure(5.4)
    axes.grid(color=FAINT)
    line = points.loc[front].sort_values("coverage")
    axes.plot(line["coverage"], line["ndcg"], color=BLUE, linewidth=1.0, linestyle=(0, (4, 4)))
    axes.scatter(
        points["coverage"], points["ndcg"], s=70, zorder=3, c=[BLUE if n in front else GREY for n in points.index]
    )
    axes.set_xlim(0, float(points["coverage"].max()) * 1.22)
    axes.set_ylim(0, float(points["ndcg"].max()) * 1.12)
    _name(axes, points, front)
    x = "Coverage@10: movies that appear in at least one list, % of the catalogue"
    label(axes, title, x, "NDCG@10 (0 to 1, more is better)")
    return title, EXPLANATION, png(drawn)


def _front(points: pd.DataFrame) -> list[str]:
    values = points[["ndcg", "coverage"]].to_numpy()
    beaten = [((values >= row).all(axis=1) & (values > row).any(axis=1)).any() for row in values]
    return [str(name) for name, is_beaten in zip(points.index, beaten, strict=True) if not is_beaten]


def _title(points: pd.DataFrame) -> str:
    right, wide = (str(points[column].idxmax()) for column in ("ndcg", "coverage"))
    if right == wide:
        return f"{right.replace('_', ' ')} is right most often and shows most of the catalogue"
    most, other = points.loc[wide, "coverage"], points.loc[right, "coverage"]
    names = [name.replace("_", " ") for name in (right, wide)]
    return f"{names[0]} is right most often; {names[1]} shows most of the catalogue ({most:.0f} against {other:.0f} %)"


def _name(axes: Axes, points: pd.DataFrame, front: list[str]) -> None:
    """Write each name beside its point; of points that are near, the left ones are named on the left."""
    width = axes.get_xlim()[1]
    ordered = points.sort_values("coverage")
    columns = np.cumsum(np.diff(ordered["coverage"], prepend=ordered["coverage"].iloc[0]) > width * NEAR)
    for column in np.unique(columns):
        members = ordered[columns == column]
        is_left = members["coverage"] < members["coverage"].mean() - 1e-9
        _beside(axes, members[~is_left], front, float(members["coverage"].max()) + width * 0.02, "left")
        _beside(axes, members[is_left], front, float(members["coverage"].min()) - width * 0.02, "right")


def _beside(axes: Axes, points: pd.DataFrame, front: list[str], x: float, alignment: str) -> None:
    """Write names at x, each joined to its point by a line."""
    places = apart(points["ndcg"].tolist(), axes.get_ylim()[1] * 0.042)
    for (name, row), place in zip(points.iterrows(), places, strict=True):
        colour = BLUE if str(name) in front else INK
        axes.plot((row["coverage"], x), (row["ndcg"], place), color=GREY, linewidth=0.6, zorder=1)
        text = f" {str(name).replace('_', ' ')} "
        axes.text(x, place, text, va="center", ha=alignment, fontsize=SMALL, color=colour)
