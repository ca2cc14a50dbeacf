"""The weights of a sum of scores, found where the answers are known: ensemble selection (Caruana et al. 2004).

Starting from nothing, the member that helps most is added, again and again, the same one as often as it helps. A weight
is how often a member was added. This is done for several random halves of the users and the weights added up, since
what helps one half may be chance.

Source: "Ensemble selection from libraries of models", ICML 2004, with its section on bagging.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from movierec.data.arrays import Floats
from movierec.data.cutoff import CUTOFF
from movierec.kernels.top_k import top_k

ROUNDS = 12
BAGS = 4


def select(
    scores: Mapping[str, Floats], hidden: NDArray[np.bool_], relevant: NDArray[np.bool_], seed: int
) -> dict[str, float]:
    """Return the weight of each member in a sum of scores, the largest 1.

    Args:
        scores: by member, users × movies, comparable from member to member.
        hidden: what cannot be recommended (users × movies).
        relevant: the answers (users × movies), one at least for each user.
        seed: of the halves.
    """
    rng = np.random.default_rng(seed)
    added = np.zeros(len(scores))
    for _ in range(BAGS):
        half = rng.permutation(len(hidden))[: max(1, len(hidden) // 2)]
        own = {name: values[half] for name, values in scores.items()}
        kept = _select(own, hidden[half], relevant[half])
        added += [kept.count(name) / len(kept) for name in scores]
    return dict(zip(scores, (added / added.max()).tolist(), strict=True))


def _select(scores: Mapping[str, Floats], hidden: NDArray[np.bool_], relevant: NDArray[np.bool_]) -> list[str]:
    """Return the members in the order in which they were added, as long as it helped."""
    total = np.where(hidden, np.float32(-np.inf), np.float32(0))
    ideal = np.cumsum(1 / np.log2(np.arange(CUTOFF) + 2))[np.minimum(relevant.sum(axis=1), CUTOFF) - 1]
    added: list[str] = []
    values: list[float] = []
    for _ in range(ROUNDS):
        ndcg = {name: _ndcg(total + own, relevant, ideal) for name, own in scores.items()}
        best = max(ndcg, key=lambda name: ndcg[name])
        total += scores[best]
        added.append(best)
        values.append(ndcg[best])
    return added[: int(np.argmax(values)) + 1]


def _ndcg(scores: Floats, relevant: NDArray[np.bool_], ideal: Floats) -> float:
    rows, movies, ranks = top_k(scores, CUTOFF)
    gains = np.bincount(rows, relevant[rows, movies] / np.log2(ranks + 1), len(scores))
    return float((gains / ideal).mean())
