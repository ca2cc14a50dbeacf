"""Views of the catalogue: each is a base ranker on whole, recent or liked histories; it proposes and scores movies."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from movierec.data.arrays import Floats, Ints
from movierec.features.affinity import LIKING_HALF_LIFE
from movierec.kernels.top_k import top_k
from movierec.rankers.building_blocks.by_popularity import damping_divisor
from movierec.rankers.reranking.base_rankers import BaseRankers

# By name of the weighted history, in ratings of the same user: so many ratings later, a rating counts half.
HALF_LIVES = {"short": 4, "decayed": 12, "long": 40}
# By view: the base ranker and the weighted history that it scores. Views and features are named in saved models.
WEIGHTED_VIEWS = {
    **{f"ease_{name}": ("ease_near", name) for name in HALF_LIVES},
    "ease_liked": ("ease", "liked"),
    **{f"{name}_decayed": (name, "decayed") for name in ("item_knn", "nearby", "user_knn", "ials")},
}
WEIGHTED_VIEWS_OF = {
    base_ranker: tuple(name for name, _ in views)
    for base_ranker, views in groupby(WEIGHTED_VIEWS.items(), key=lambda view: view[1][0])
}
# Recent history points at what is popular now anyway, so popular movies are damped.
DAMPING = 0.3
FALLBACKS = ("ease", "popularity")  # views by which movies follow that none proposed, the first that is there


@dataclass(frozen=True)
class Proposals:
    """Proposed movies, sorted by user and movie.

    Attributes:
        rows: of each proposal, the index of the user in the block (int64).
        movies: positions in the catalogue (int64).
        features: one column per feature (float32).
        fallback: scores of all movies by the view `FALLBACKS` names first (users × movies).
    """

    rows: Ints
    movies: Ints
    features: dict[str, Floats]
    fallback: Floats


@dataclass(frozen=True, eq=False)
class Views:
    """All views of one history; a view whose base ranker was left out is not there.

    Attributes:
        base_rankers: fitted; they know whom they recommend to.
        histories: by name, the histories as views weigh them (users × movies).
        damping: divisor of each movie's score in views of recent history (float32).
    """

    base_rankers: BaseRankers
    histories: dict[str, sparse.csr_matrix]
    damping: Floats

    @classmethod
    def of(cls, base_rankers: BaseRankers) -> Self:
        """Weigh the histories: taste drifts, and recent views follow it."""
        history = base_rankers.history
        histories = {name: history.matrix(history.faded_signal(half_life)) for name, half_life in HALF_LIVES.items()}
        histories["liked"] = history.matrix(history.above_mean * 0.5 ** (history.recency / LIKING_HALF_LIFE))
        counts = base_rankers.training_history.counts
        return cls(base_rankers, histories, damping_divisor(counts, DAMPING).astype(np.float32))

    def scores(self, users: Ints) -> Iterator[tuple[str, Floats]]:
        """Yield name and scores (users × movies) of each view for the users at these positions."""
        fitted = self.base_rankers.fitted
        for name, ranker in fitted.items():
            yield name, ranker.scores(users)
        for base_ranker, names in WEIGHTED_VIEWS_OF.items():
            if base_ranker in fitted:
                histories = [self.histories[WEIGHTED_VIEWS[name][1]][users] for name in names]
                yield from zip(names, self._scores_of_weighted(base_ranker, histories, users), strict=True)

    def _scores_of_weighted(
        self, base_ranker: str, histories: list[sparse.csr_matrix], users: Ints
    ) -> Iterable[Floats]:
        ranker: Any = self.base_rankers.fitted[base_ranker]  # each in WEIGHTED_VIEWS scores any weighted history
        if base_ranker == "ease_near":
            return (scores / self.damping for scores in ranker.scores_of_all(histories))
        if base_ranker == "user_knn":
            return (ranker.scores_of(each, users) for each in histories)
        return (ranker.scores_of(each) for each in histories)

    def propose(self, users: Ints, seen: NDArray[np.bool_], depth: int) -> Proposals:
        """Unite the `depth` best unseen movies of every view; describe each by its rank and score in every view."""
        tops, scores = {}, {}
        for name, block in self.scores(users):
            scores[name] = block
            tops[name] = top_k(np.where(seen, np.float32(-np.inf), block), depth)
        is_proposed = np.zeros(seen.shape, bool)
        for rows, movies, _ in tops.values():
            is_proposed[rows, movies] = True
        rows, movies = np.nonzero(is_proposed)
        features: dict[str, Floats] = {}
        for name, top in tops.items():
            features[f"{name}_rank"] = _log_ranks(top, seen.shape, depth)[rows, movies]
            features[f"{name}_score"] = _standardise_by_best(scores[name], top, rows, movies)
        first = next(name for name in (*FALLBACKS, *scores) if name in scores)
        return Proposals(rows, movies, features, scores[first])


def features_of(base_rankers: Collection[str]) -> set[str]:
    """Return the names of the features that come from the views of these base rankers."""
    weighted = (view for view, (base_ranker, _) in WEIGHTED_VIEWS.items() if base_ranker in base_rankers)
    return {f"{view}_{kind}" for view in (*base_rankers, *weighted) for kind in ("rank", "score")}


def _log_ranks(top: tuple[Ints, Ints, Ints], shape: tuple[int, ...], depth: int) -> Floats:
    """Return the logarithm of each movie's rank (users × movies); ranks beyond `depth` count as depth + 1."""
    ranks = np.full(shape, np.log(depth + 1), np.float32)
    ranks[top[0], top[1]] = np.log(top[2])
    return ranks


def _standardise_by_best(scores: Floats, top: tuple[Ints, Ints, Ints], rows: Ints, movies: Ints) -> Floats:
    """Standardise by each user's best movies: raw scales shift whenever a ranker is fitted again."""
    best = top[0]
    size = np.maximum(np.bincount(best, minlength=len(scores)), 1)
    values = scores[best, top[1]]
    mean = np.bincount(best, values, len(scores)) / size
    spread = np.sqrt(np.bincount(best, (values - mean[best]) ** 2, len(scores)) / size) + 1e-6
    return ((scores[rows, movies] - mean[rows]) / spread[rows]).astype(np.float32)
