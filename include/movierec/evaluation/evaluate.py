"""Evaluate rankers on held-out ratings: ask each for lists once, and score them by every metric."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from movierec.data.arrays import Ints
from movierec.data.columns import USER
from movierec.data.history import History
from movierec.evaluation.beyond_accuracy import coverage, diversity, first_k, gini, novelty
from movierec.evaluation.metrics import ACCURACY, K, accuracy, relevant_pairs
from movierec.features.content import MovieFeatures
from movierec.rankers.base import Ranker

METRICS = (*ACCURACY, "novelty", "diversity")
TOTALS = ("coverage", "gini")


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The metrics of one ranker's lists.

    Attributes:
        values: user_id, k and `METRICS`: one row per k and evaluated user. Novelty is NaN for a user without a list,
            diversity for one with fewer than two movies of which something is known, or without features.
        totals: k, coverage and gini: one row per k; gini is NaN where nothing was shown.
        lists: (user_id, movie_id, score, rank) of the evaluated users, as long as the largest k.
        seconds: how long making the lists took.
        unevaluated_users: how many users of the test have no relevant movie there.
        drawn_from: how many have one; more than were evaluated where a number of them was drawn.
    """

    values: pd.DataFrame
    totals: pd.DataFrame
    lists: pd.DataFrame
    seconds: float
    unevaluated_users: int
    drawn_from: int

    def at(self, k: int) -> pd.DataFrame:
        """Return the values at k, one row per evaluated user, with user_id as the index."""
        return self.values[self.values[K] == k].set_index(USER).drop(columns=K)

    def means(self) -> pd.DataFrame:
        """Return the mean over evaluated users of every metric, and the totals, one row per k (the index)."""
        means = self.values.groupby(K, sort=False)[list(METRICS)].mean()
        return self.totals.set_index(K).join(means)[[*METRICS, *TOTALS]]


def evaluate(
    ranker: Ranker,
    test: pd.DataFrame,
    ks: Sequence[int] = (10,),
    *,
    relevant_from: float | None,
    exclude: pd.DataFrame | None = None,
    exclude_seen: bool = True,
    features: MovieFeatures | None = None,
) -> Evaluation:
    """Rank the whole catalogue for every user of `test` who liked a movie there, and score the lists.

    Args:
        ranker: fitted (and folded in, where others are recommended to than were learned from).
        test: (user_id, movie_id, rating, weight?).
        ks: lengths at which lists are evaluated.
        relevant_from: the rating from which on a movie was liked; None: every rated one.
        exclude: (user_id, movie_id) that must not be in the lists, such as validation rows.
        exclude_seen: leave out what a user has in the ranker's history.
        features: of the catalogue, for the diversity of the lists.

    Raises:
        ModelError: a k is below 1, or the ranker's lists repeat a movie.
    """
    options: dict[str, Any] = {
        "relevant_from": relevant_from,
        "exclude": exclude,
        "exclude_seen": exclude_seen,
        "features": features,
    }
    result = evaluate_together([ranker], test, ks, **options)[0]
    if isinstance(result, Exception):
        raise result
    return result


def evaluate_together(
    rankers: Sequence[Ranker],
    test: pd.DataFrame,
    ks: Sequence[int] = (10,),
    *,
    relevant_from: float | None,
    exclude: pd.DataFrame | None = None,
    exclude_seen: bool = True,
    features: MovieFeatures | None = None,
    max_users: int | None = None,
) -> list[Evaluation | Exception]:
    """Evaluate several rankers as `evaluate` does, block by block of users side by side.

    So rankers that share candidates describe them once: the one that comes first bears their seconds. Of more than
    `max_users` users so many are drawn, the same for every ranker.

    Returns:
        For each ranker its evaluation, or what went wrong; the others go on.
    """
    relevant = relevant_pairs(test, relevant_from)
    known = np.unique(relevant[USER].to_numpy(np.int64))
    users = known if max_users is None else drawn_users(known, max_users)
    if len(users) < len(known):
        relevant = relevant[relevant[USER].isin(users)]
    counts = {"unevaluated_users": int(test[USER].nunique()) - len(known), "drawn_from": len(known)}
    makers = [_ListMaker(each.recommend_blocks(users, max(ks, default=1), exclude_seen, exclude)) for each in rankers]
    while [maker for maker in makers if maker.advance()]:
        pass
    results: list[Evaluation | Exception] = []
    for ranker, maker in zip(rankers, makers, strict=True):
        try:
            results.append(_evaluation(ranker, maker, relevant, users, ks, features, counts))
        except Exception as error:
            results.append(error)
    return results


def drawn_users(users: Ints, most: int) -> Ints:
    """Draw at most so many of these ids (ascending): whoever is drawn one night is, as far as they can be, the next.

    Each id has a number that looks random and stays (splitmix64: Steele, Lea and Flood 2014, "Fast Splittable
    Pseudorandom Number Generators"), and the smallest numbers are drawn.
    """
    if len(users) <= most:
        return users
    number = users.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    number = (number ^ (number >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    number = (number ^ (number >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    number ^= number >> np.uint64(31)
    return np.sort(users[np.argsort(number, kind="stable")[:most]])


@dataclass
class _ListMaker:
    """Makes the lists of one ranker, a block of users at a time.

    Attributes:
        blocks: yields them.
        lists: of the blocks so far.
        seconds: that they took.
        failure: what went wrong.
    """

    blocks: Iterator[pd.DataFrame]
    lists: list[pd.DataFrame] = field(default_factory=list)
    seconds: float = 0.0
    failure: Exception | None = None

    def advance(self) -> bool:
        """Make the next block; tell whether there was one."""
        started = time.perf_counter()
        try:
            block = None if self.failure else next(self.blocks, None)
        except Exception as error:
            block, self.failure = None, error
        self.seconds += time.perf_counter() - started
        if block is not None:
            self.lists.append(block)
        return block is not None


def _evaluation(
    ranker: Ranker,
    maker: _ListMaker,
    relevant: pd.DataFrame,
    users: Ints,
    ks: Sequence[int],
    features: MovieFeatures | None,
    counts: Mapping[str, int],
) -> Evaluation:
    if maker.failure is not None:
        raise maker.failure
    lists = pd.concat(maker.lists, ignore_index=True)
    values = accuracy(lists, relevant, ks)
    beyond = [_beyond_accuracy(first_k(lists, k), users, ranker.training_history_, features) for k in ks]
    catalogue = ranker.history_.shape[1]
    return Evaluation(
        values=pd.concat([values, pd.concat(beyond, ignore_index=True)], axis=1),
        totals=pd.DataFrame([(k, *_totals(first_k(lists, k), catalogue)) for k in ks], columns=[K, *TOTALS]),
        lists=lists,
        seconds=maker.seconds,
        **counts,
    )


def _beyond_accuracy(lists: pd.DataFrame, users: Ints, known: History, features: MovieFeatures | None) -> pd.DataFrame:
    raters = known.counts.astype(np.int64)
    values = {
        "novelty": novelty(lists, users, known.movie_ids, raters, known.shape[0]),
        "diversity": np.nan if features is None else diversity(lists, users, features),
    }
    return pd.DataFrame(values, index=range(len(users)))


def _totals(lists: pd.DataFrame, movies: int) -> tuple[float, float]:
    return coverage(lists, movies), np.nan if lists.empty else gini(lists, movies)
