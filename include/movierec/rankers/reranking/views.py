"""Views of the catalogue: all base rankers, some on recent or liked history alone, propose candidates and rate them."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from movierec.data.arrays import Floats, Ints
from movierec.rankers.reranking.base_rankers import Bases
from movierec.rankers.top_k import top_k

# In ratings of the same user.
HALF_LIVES = {"short": 4, "decayed": 12, "long": 40}
LIKING_HALF_LIFE = 50
# By view: the base ranker and the weighted histories that it scores.
WEIGHED = {
    **{f"ease_{name}": ("ease_near", name) for name in HALF_LIVES},
    "ease_liked": ("ease", "liked"),
    **{f"{name}_decayed": (name, "decayed") for name in ("item_knn", "nearby", "user_knn", "ials")},
}
# Recent history points at what is popular now anyway: its scores are divided by (ratings + PRIOR) ** DAMPING.
PRIOR, DAMPING = 20.0, 0.3


@dataclass(frozen=True)
class Candidates:
    """Pairs of a row of the block and a position of the catalogue, sorted, with one column per feature."""

    rows: Ints
    movies: Ints
    features: dict[str, Floats]


@dataclass(frozen=True, eq=False)
class Views:
    """All views of one history.

    Attributes:
        bases: the rankers, fitted; they know whom they recommend to. A view whose ranker was left out is not there.
        histories: by name, the histories (users × movies) as a view weighs them.
        damping: divisor of each movie's score in views of recent history (float32).
    """

    bases: Bases
    histories: dict[str, sparse.csr_matrix]
    damping: Floats

    @classmethod
    def of(cls, bases: Bases) -> Self:
        """Weigh the histories: taste drifts, and recent views follow it."""
        history = bases.history
        histories = {
            name: history.matrix(history.signal * 0.5 ** (history.recency / half_life))
            for name, half_life in HALF_LIVES.items()
        }
        histories["liked"] = history.matrix(history.above * 0.5 ** (history.recency / LIKING_HALF_LIFE))
        return cls(bases, histories, ((bases.learned_from.counts + PRIOR) ** DAMPING).astype(np.float32))

    def scores(self, users: Ints) -> Iterator[tuple[str, Floats]]:
        """Give name and scores (users × movies) of each view for the users at these positions."""
        fitted = self.bases.fitted
        for name, ranker in fitted.items():
            yield name, ranker.scores(users)
        for name, (base, history) in WEIGHED.items():
            if base in fitted:
                yield name, self._of_weighed(base, self.histories[history][users], users)

    def _of_weighed(self, base: str, histories: sparse.csr_matrix, users: Ints) -> Floats:
        ranker: Any = self.bases.fitted[base]  # each of those in WEIGHED scores any weighted history
        if base == "ease_near":
            return np.asarray(ranker.scores_of(histories) / self.damping, np.float32)
        scores: Floats = ranker.scores_of(histories, users) if base == "user_knn" else ranker.scores_of(histories)
        return scores

    def propose(self, users: Ints, seen: NDArray[np.bool_], depth: int) -> Candidates:
        """Unite the `depth` best unseen movies of every view; describe each by its rank and score in every view."""
        tops, scores = {}, {}
        for name, block in self.scores(users):
            scores[name] = block
            tops[name] = top_k(np.where(seen, np.float32(-np.inf), block), depth)
        chosen = np.zeros(seen.shape, bool)
        for rows, movies, _ in tops.values():
            chosen[rows, movies] = True
        rows, movies = np.nonzero(chosen)
        features: dict[str, Floats] = {}
        for name, top in tops.items():
            features[f"{name}_rank"] = _log_ranks(top, seen.shape, depth)[rows, movies]
            features[f"{name}_score"] = _standard(scores[name], top, rows, movies)
        return Candidates(rows, movies, features)


def features_of(bases: Collection[str]) -> set[str]:
    """Return the names of the features that views of these base rankers give."""
    views = {*bases, *(view for view, (base, _) in WEIGHED.items() if base in bases)}
    return {f"{view}_{kind}" for view in views for kind in ("rank", "score")}


def _log_ranks(top: tuple[Ints, Ints, Ints], shape: tuple[int, ...], depth: int) -> Floats:
    """Ranks beyond `depth` are alike: depth + 1."""
    ranks = np.full(shape, np.log(depth + 1), np.float32)
    ranks[top[0], top[1]] = np.log(top[2])
    return ranks


def _standard(scores: Floats, top: tuple[Ints, Ints, Ints], rows: Ints, movies: Ints) -> Floats:
    """Standardise by each user's best movies: raw scales shift whenever a ranker is fitted again."""
    best = top[0]
    size = np.maximum(np.bincount(best, minlength=len(scores)), 1)
    values = scores[best, top[1]]
    mean = np.bincount(best, values, len(scores)) / size
    spread = np.sqrt(np.bincount(best, (values - mean[best]) ** 2, len(scores)) / size) + 1e-6
    return ((scores[rows, movies] - mean[rows]) / spread[rows]).astype(np.float32)
