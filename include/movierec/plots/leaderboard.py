"""Who leads, and how surely."""

import pandas as pd

from movierec.evaluation.significance import paired_bootstrap
from movierec.plots.results import TrainingResults
from movierec.plots.style import BLUE, FAINT, GREY, INK, SMALL, TEXT, figure, label, png
from movierec.text_table import readable

ROW_HEIGHT, MARGIN = 0.36, 1.5  # inches
EXPLANATION = (
    "Mean NDCG@10 of every ranker over the viewers who liked a held-out movie: 1 would be all of them on top of the "
    "list. Bars are 95 % intervals over viewers (bootstrap). The title compares viewer by viewer, which is "
    "surer than two bars that overlap."
)


def draw(results: TrainingResults) -> tuple[str, str, bytes] | None:
    """Show NDCG@10 of all rankers with its intervals, the best on top."""
    totals = results.totals("ndcg").dropna(subset=["low", "high"])
    if totals.empty:
        return None
    title = _title(totals, results.ndcg_per_user())
    picture, axes = figure(ROW_HEIGHT * len(totals) + MARGIN)
    last = float(totals["high"].max())
    for row, (value, low, high) in enumerate(totals[["value", "low", "high"]].to_numpy(float).tolist()):
        colour = BLUE if row == 0 else GREY
        axes.plot([low, high], [row, row], color=colour, linewidth=2.5, solid_capstyle="round")
        axes.plot(value, row, "o", color=colour, markersize=8)
        axes.text(high + last * 0.015, row, f"{value:.3f}", va="center_baseline", fontsize=TEXT, color=INK)
    axes.set_yticks(range(len(totals)), [readable(name) for name in totals["ranker"]])
    axes.set_ylim(len(totals) - 0.4, -0.7)
    axes.set_xlim(0, last * 1.12)
    axes.grid(axis="x", color=FAINT)
    users = int(totals["users"].iloc[0])
    label(axes, title, f"NDCG@10, mean of {users:,} viewers and its 95 % interval (0 to 1, more is better)", "")
    axes.tick_params(axis="x", labelsize=SMALL)
    return title, EXPLANATION, png(picture)


def _title(totals: pd.DataFrame, values: pd.DataFrame) -> str:
    names = [name for name in totals["ranker"] if name in values][:2]
    if len(names) < 2:  # noqa: PLR2004
        return f"{readable(totals['ranker'].iloc[0])} was evaluated alone"
    best, second = names
    lead = paired_bootstrap(values[best], values[second])
    if lead.low <= 0:
        return f"{readable(best)} is first, but chance alone may have put it before {readable(second)}"
    share = lead.mean / max(float(values[second].mean()), 1e-9)
    return f"{readable(best)} leads: {share:+.1%} over {readable(second)}, more than chance explains"
