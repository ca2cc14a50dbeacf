"""What all pictures look like: size, colours, labels. Nothing of matplotlib's global state is touched."""

from collections.abc import Sequence
from io import BytesIO
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

# Okabe and Ito's palette, which people with any colour vision can tell apart.
BLUE, ORANGE, GREEN = "#0072B2", "#E69F00", "#009E73"
INK, GREY, FAINT = "#222222", "#8A8A8A", "#E4E4E4"
WIDTH, DPI = 9.0, 160  # inches; shown 900 pixels wide, drawn finer
TITLE, TEXT, SMALL = 15, 11.5, 10.5
TITLE_LETTERS = 68  # in one line of a title


def figure(height: float) -> tuple[Figure, Axes]:
    """Return an empty figure with one plot: no frame, faint lines behind."""
    layout = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12)
    picture = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white", layout=layout)
    axes = picture.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GREY)
    axes.tick_params(colors=INK, labelsize=TEXT, length=0)
    axes.set_axisbelow(True)
    return picture, axes


def label(axes: Axes, title: str, x: str, y: str) -> None:
    """Write the finding as the title, and what the axes measure."""
    axes.figure.suptitle(fill(title, TITLE_LETTERS), x=0.012, ha="left", fontsize=TITLE, fontweight="bold", color=INK)
    axes.set_xlabel(x, fontsize=TEXT, color=INK, labelpad=8)
    axes.set_ylabel(y, fontsize=TEXT, color=INK, labelpad=8)


def png(picture: Figure) -> bytes:
    """Return the picture; equal figures are equal bytes, since neither a date nor a version is written into them."""
    buffer = BytesIO()
    picture.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def spread_labels(positions: Sequence[float], min_gap: float) -> list[float]:
    """Move labels at these positions along one axis until each is `min_gap` from the next; their order stays.

    Places that overlap are spread around their common mean, as pools of adjacent violators are (Ayer et al. 1955).
    """
    order = np.argsort(positions, kind="stable")
    pools: list[list[float]] = []  # of each pool: the sum of what is left after the gaps, and its size
    for rank, position in enumerate(np.asarray(positions, np.float64)[order]):
        pools.append([position - rank * min_gap, 1])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] >= pools[-1][0] / pools[-1][1]:
            last = pools.pop()
            pools[-1] = [pools[-1][0] + last[0], pools[-1][1] + last[1]]
    levels = np.repeat([total / size for total, size in pools], [int(size) for _, size in pools])
    moved = np.empty(len(order))
    moved[order] = levels + np.arange(len(order)) * min_gap
    return [float(position) for position in moved]
