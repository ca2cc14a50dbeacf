"""What the hybrid's trees decide by."""

import numpy as np
import pandas as pd

from movierec.plots.results import TrainingResults
from movierec.plots.style import BLUE, FAINT, INK, SMALL, TEXT, figure, label, png
from movierec.rankers.base import Ranker
from movierec.rankers.reranking.hybrid import Hybrid
from movierec.text_table import readable

MAX_FEATURES = 20
EXPLANATION = (
    "The share of each feature in what all splits of the hybrid's trees gained in training, the mean of its two "
    "ensembles; the network is not in it. Features that say nearly the same share their gain. That a "
    "feature gains much does not say in which direction it works."
)


def feature_gains(ranker: Ranker) -> pd.DataFrame:
    """Return (feature, gain), the largest first: split gain as a share of all, the mean over the ranker's ensembles.

    Without rows for a ranker that is not the hybrid, has no trees, or was saved by a version that kept no gains.
    """
    if not isinstance(ranker, Hybrid) or ranker.model_ is None or not ranker.model_.gains.sum():
        return pd.DataFrame({"feature": pd.Series(dtype="str"), "gain": pd.Series(dtype="float64")})
    gains = ranker.model_.gains
    shares = gains / np.maximum(gains.sum(axis=1, keepdims=True), 1e-12)
    table = pd.DataFrame({"feature": ranker.feature_names_, "gain": shares.mean(axis=0)})
    return table.sort_values(["gain", "feature"], ascending=[False, True], ignore_index=True)


def draw(results: TrainingResults) -> tuple[str, str, bytes] | None:
    """Show the features that gain most."""
    ranker = results.model("hybrid")
    table = feature_gains(ranker) if ranker is not None else pd.DataFrame()
    if table.empty:
        return None
    largest = table.head(MAX_FEATURES)
    names = [readable(name) for name in largest["feature"]]
    title = f"“{names[0]}” decides most: {largest['gain'].iloc[0]:.0%} of what the hybrid's trees gain"
    picture, axes = figure(0.3 * len(largest) + 1.6)
    percent = largest["gain"] * 100
    axes.barh(range(len(largest)), percent, color=BLUE, height=0.68)
    for row, value in enumerate(percent):
        axes.text(value + percent.max() * 0.01, row, f"{value:.1f} %", va="center", fontsize=SMALL, color=INK)
    axes.set_yticks(range(len(largest)), names)
    axes.set_ylim(len(largest) - 0.4, -0.6)
    axes.set_xlim(0, float(percent.max()) * 1.12)
    axes.grid(axis="x", color=FAINT)
    others = len(table) - len(largest)
    rest = f"; the {others} others share {1 - largest['gain'].sum():.0%}" if others else ""
    label(axes, title, f"Split gain, % of all splits{rest}", "")
    axes.tick_params(axis="y", labelsize=TEXT)
    return title, EXPLANATION, png(picture)
