"""LambdaRank or cross-entropy: `python -m movierec.evaluation.objectives <snapshot folder>` compares them.

The test part of the snapshot's split is set aside unread. The known part is divided again, and what it keeps once more,
which gives two inner windows; every objective gets the same number of settings. Prints NDCG@10 per window, then the
interval of the paired difference between the best setting of each.
"""

import sys
from typing import Any

import pandas as pd
from upath import UPath

from movierec.columns import USER
from movierec.dataset import Dataset
from movierec.evaluation.metrics import per_user
from movierec.evaluation.significance import paired_bootstrap
from movierec.evaluation.splits import per_user_temporal
from movierec.features.content import MovieFeatures
from movierec.rankers.hybrid import Hybrid

WINDOWS = 2
SETTINGS: list[dict[str, Any]] = [
    {"objective": "lambdarank", "rounds": 150, "learning_rate": 0.05, "truncation": 10},
    {"objective": "lambdarank", "rounds": 150, "learning_rate": 0.05, "truncation": 100},
    {"objective": "lambdarank", "rounds": 300, "learning_rate": 0.03, "truncation": 30},
    {"objective": "cross_entropy", "rounds": 75, "learning_rate": 0.05},
    {"objective": "cross_entropy", "rounds": 150, "learning_rate": 0.05},
    {"objective": "cross_entropy", "rounds": 300, "learning_rate": 0.03},
]


def compare(dataset: Dataset, settings: list[dict[str, Any]] = SETTINGS, seed: int = 2026) -> pd.DataFrame:
    """Return NDCG@10 per window and user (rows) for every setting (columns named by it)."""
    features = MovieFeatures.build(dataset)
    known, _ = per_user_temporal(dataset.ratings, seed=seed)
    windows = []
    for _ in range(WINDOWS):
        known, judged = per_user_temporal(known, seed=seed)
        hybrids = [Hybrid(**setting).fit(dataset.with_ratings(known), features) for setting in settings]
        lists = [hybrid.recommend(judged[USER].unique(), 10) for hybrid in hybrids]
        windows.append(pd.concat([per_user(found, judged).set_index(USER)["ndcg"] for found in lists], axis=1))
    values = pd.concat(windows, keys=range(1, WINDOWS + 1), names=["window"])
    return values.set_axis([" ".join(map(str, setting.values())) for setting in settings], axis=1)


if __name__ == "__main__":
    values = compare(Dataset.load(UPath(sys.argv[1])))
    table = values.groupby("window").mean().T.assign(mean=values.groupby("window").mean().mean())
    ranked = table["mean"].sort_values(ascending=False).index
    first, other = (next(name for name in ranked if name.startswith(kind)) for kind in ("lambdarank", "cross_entropy"))
    sys.stdout.write(
        f"{table.round(4).to_string()}\n{first} - {other}: {paired_bootstrap(values[first], values[other])}\n"
    )
