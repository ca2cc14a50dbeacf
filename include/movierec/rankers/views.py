"""Views of the catalogue: every base ranker, and some on recent history alone, propose candidates and rate them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from movierec.features.types import Floats, Ints
from movierec.rankers.ease import Ease
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.top import top_k

Scorer = Callable[[Ints], Floats]

# In ratings of the same user.
HALF_LIFE = 15
LIKING_HALF_LIFE = 50


@dataclass(frozen=True)
class Candidates:
    """Pairs of a row of the block and a position of the catalogue, sorted, with one column per feature."""

    rows: Ints
    movies: Ints
    features: dict[str, Floats]


def recent_views(ease: Ease, item_knn: ItemKNN) -> dict[str, Scorer]:
    """Look at recent parts of the history through the item-item weights: taste drifts, and this follows it."""
    history = ease.history_
    recency = history.recency
    weights = {
        "last_5": recency < 5,  # noqa: PLR2004 - the name says it
        "last_20": recency < 20,  # noqa: PLR2004
        "decayed": 0.5 ** (recency / HALF_LIFE),
        "liked": history.above * 0.5 ** (recency / LIKING_HALF_LIFE),
    }
    views = {f"ease_{name}": _view(ease, values) for name, values in weights.items()}
    return views | {"item_knn_decayed": _view(item_knn, weights["decayed"])}


def propose(views: dict[str, Scorer], users: Ints, seen: NDArray[np.bool_], depth: int) -> Candidates:
    """Unite the `depth` best unseen movies of every view; describe each by its rank and score in every view."""
    scores = {name: np.where(seen, -np.inf, score(users)).astype(np.float32) for name, score in views.items()}
    tops = {name: top_k(block, depth) for name, block in scores.items()}
    chosen = np.zeros(seen.shape, bool)
    for rows, movies, _ in tops.values():
        chosen[rows, movies] = True
    rows, movies = np.nonzero(chosen)
    features: dict[str, Floats] = {}
    for name, top in tops.items():
        features[f"{name}_rank"] = _log_ranks(top, seen.shape, depth)[rows, movies]
        features[f"{name}_score"] = _standard(scores[name], top)[rows, movies]
    return Candidates(rows, movies, features)


def _view(ranker: Ease | ItemKNN, values: NDArray[Any]) -> Scorer:
    histories = ranker.history_.matrix(ranker.history_.signal * values)
    return lambda users: ranker.scores_of(histories[users])


def _log_ranks(top: tuple[Ints, Ints, Ints], shape: tuple[int, ...], depth: int) -> Floats:
    """Ranks beyond `depth` are alike: depth + 1."""
    ranks = np.full(shape, np.log(depth + 1), np.float32)
    ranks[top[0], top[1]] = np.log(top[2])
    return ranks


def _standard(scores: Floats, top: tuple[Ints, Ints, Ints]) -> Floats:
    """Standardise by each user's best movies: raw scales shift whenever a ranker is fitted again."""
    rows, movies, _ = top
    size = np.maximum(np.bincount(rows, minlength=len(scores)), 1)
    mean = np.bincount(rows, scores[rows, movies], len(scores)) / size
    off = scores[rows, movies] - mean[rows]
    spread = np.sqrt(np.bincount(rows, off**2, len(scores)) / size) + 1e-6
    return ((scores - mean[:, None]) / spread[:, None]).astype(np.float32)
