"""What being right costs in variety: NDCG against the share of the catalogue that anybody is shown."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from movierec.plots.results import TrainingResults
from movierec.plots.style import BLUE, FAINT, GREY, INK, SMALL, figure, label, png
from movierec.text_table import readable

EXPLANATION = (
    "Each point is a ranker: to the right it shows more of the catalogue, further up it is right more often. Those in "
    "blue are beaten by nobody on both at once."
)
LETTER_WIDTH, LINE_HEIGHT = 0.0115, 0.038  # width of a letter and height of a line, as shares of the axes
# Where a name may stand, seen from its point: how far out, how far up or down, and on which side.
LABEL_OFFSETS = [
    (out, up * sign, side)
    for out in (0.014, 0.03)
    for up in (0.0, 0.04, 0.075, 0.11)
    for sign in (1, -1)
    for side in (1, -1)
]

Box = tuple[float, float, float, float]


def draw(results: TrainingResults) -> tuple[str, str, bytes] | None:
    """Show every ranker by coverage and NDCG@10; those that nobody beats on both are joined."""
    ndcg, coverage = (results.totals(metric).set_index("ranker")["value"] for metric in ("ndcg", "coverage"))
    points = pd.DataFrame({"ndcg": ndcg, "coverage": coverage * 100}).dropna()
    if len(points) < 2:  # noqa: PLR2004
        return None
    frontier = _pareto_frontier(points)
    title = _title(points)
    picture, axes = figure(5.4)
    axes.grid(color=FAINT)
    line = points.loc[frontier].sort_values("coverage")
    axes.plot(line["coverage"], line["ndcg"], color=BLUE, linewidth=1.0, linestyle=(0, (4, 4)))
    axes.scatter(
        points["coverage"], points["ndcg"], s=70, zorder=3, c=[BLUE if n in frontier else GREY for n in points.index]
    )
    axes.set_xlim(0, float(points["coverage"].max()) * 1.22)
    axes.set_ylim(0, float(points["ndcg"].max()) * 1.12)
    _name_points(axes, points, frontier)
    x = "Coverage@10: movies that appear in at least one list, % of the catalogue"
    label(axes, title, x, "NDCG@10 (0 to 1, more is better)")
    return title, EXPLANATION, png(picture)


def _pareto_frontier(points: pd.DataFrame) -> list[str]:
    values = points[["ndcg", "coverage"]].to_numpy()
    beaten = [((values >= row).all(axis=1) & (values > row).any(axis=1)).any() for row in values]
    return [str(name) for name, is_beaten in zip(points.index, beaten, strict=True) if not is_beaten]


def _title(points: pd.DataFrame) -> str:
    right, wide = (str(points[column].idxmax()) for column in ("ndcg", "coverage"))
    if right == wide:
        return f"{readable(right)} is right most often and shows most of the catalogue"
    most, other = points["coverage"].loc[[wide, right]].tolist()
    names = [readable(name) for name in (right, wide)]
    return f"{names[0]} is right most often; {names[1]} shows most movies ({most:.0f} against {other:.0f} %)"


def _name_points(axes: Axes, points: pd.DataFrame, frontier: list[str]) -> None:
    """Write each name beside its point, at the first offset where it covers neither a point nor another name."""
    width, height = axes.get_xlim()[1], axes.get_ylim()[1]
    spots = points[["coverage", "ndcg"]].to_numpy(np.float64) / (width, height)
    taken = [(x - 0.008, y - 0.012, x + 0.008, y + 0.012) for x, y in spots.tolist()]
    for name, (x, y) in zip(map(str, points.index), spots.tolist(), strict=True):
        boxes = [_box(x + side * out, y + up, len(name), side) for out, up, side in LABEL_OFFSETS]
        box = next((box for box in boxes if not any(_overlap(box, other) for other in taken)), boxes[0])
        taken.append(box)
        colour, left = BLUE if name in frontier else INK, box[0] >= x
        start, middle = (box[0] if left else box[2]) * width, (box[1] + box[3]) / 2 * height
        axes.plot((x * width, start), (y * height, middle), color=GREY, linewidth=0.6, zorder=1)
        words, alignment = readable(name), "left" if left else "right"
        axes.text(start, middle, words, va="center", ha=alignment, fontsize=SMALL, color=colour)


def _box(x: float, y: float, letters: int, side: int) -> Box:
    """Return left, bottom, right and top of a name that begins (side 1) or ends (-1) at x, as shares of the axes."""
    width, bottom, top = letters * LETTER_WIDTH, y - LINE_HEIGHT / 2, y + LINE_HEIGHT / 2
    return (x, bottom, x + width, top) if side > 0 else (x - width, bottom, x, top)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
