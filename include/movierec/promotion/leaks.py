"""Whether a ranker has seen what it is asked about: three experiments on an excerpt of a training.

1. *Hidden future.* Everything is built twice, once with the held-out ratings and later tags in the snapshot and once
   without them. Lists must be the same; this catches features and facts that count the future.
2. *A window it cannot have read.* The lead over popularity on the test window is compared with that on an inner window
   which was cut off before anything was built. A ranker that knows the test by other ways, such as a file, has the
   lead on the test alone.
3. *Too good.* Nobody knows nearly all that people will like.

These try the ranker, not the model that was judged, so `not_another_model` asks whether that one is what the ranker
learns from the known side alone.

The excerpt bounds the cost: some hundred viewers and the movies they rated, three fits (a fourth if lists differ).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from movierec.data.columns import MOVIE, RANK, USER
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.data.splits import per_user_temporal
from movierec.errors import ModelError
from movierec.evaluation.evaluate import evaluate
from movierec.evaluation.metrics import relevant_pairs
from movierec.evaluation.protocols import CUTOFF
from movierec.evaluation.significance import Interval, paired_bootstrap
from movierec.features.content import MovieFeatures
from movierec.promotion.guardrails import Guardrail
from movierec.rankers.base import Ranker
from movierec.rankers.popularity import Popularity

log = logging.getLogger(__name__)

VIEWERS = 300
RATIO = 1.5  # of the leads on both windows: windows differ, though not by so much beyond chance
SMALL_LEAD = 0.05
TOO_GOOD = 0.9
RESTLESS = 0.05  # lists that may differ beyond what they do from fit to fit, where fits are not repeatable

FOREIGN = 0.05  # of a model's lists that may be others than a refitted one's; a fold of other ratings moves far more

Make = Callable[[], Ranker]
Prepare = Callable[[Dataset, pd.DataFrame], tuple[Dataset, MovieFeatures]]


@dataclass(frozen=True)
class Excerpt:
    """Some viewers of a training: all facts (their test ratings among them), the known ratings, the test's."""

    whole: Dataset
    train: pd.DataFrame
    test: pd.DataFrame


def no_leak(make: Make, prepare: Prepare, dataset: Dataset, test: pd.DataFrame, seed: int) -> Guardrail:
    """Try whether the ranker that `make` returns, unfitted, knows the test.

    Args:
        make: the challenger, with its hyper-parameters.
        prepare: how a training builds what is learned from, of all facts and the known ratings.
        dataset: the snapshot, with the test's ratings.
        test: those ratings.
        seed: of the excerpt.
    """
    excerpt = take(dataset, test, seed)
    if excerpt.test.empty:
        return Guardrail("leak", "hurt", "nobody can be asked, so a leak would not be seen")
    try:
        words = _found(make, prepare, excerpt, seed)
    except (MemoryError, OSError):
        raise
    except Exception as error:
        log.warning("leak: the excerpt cannot be tried", exc_info=not isinstance(error, ModelError))
        return Guardrail("leak", "hurt", f"it could not be tried on {VIEWERS} viewers: {error}")
    return Guardrail("leak", "broken" if words else "holds", words or "its lists do not depend on the test")


def not_another_model(
    model: Ranker, lists: pd.DataFrame, known: Dataset, again: Callable[[], Ranker] | None, seed: int
) -> Guardrail:
    """Tell whether a stored model has learned from the known ratings alone, and gave the lists that were judged.

    Args:
        model: as it was stored.
        lists: (user_id, movie_id, rank) that were judged.
        known: what it may have learned from.
        again: fits the ranker anew on that; None where it costs too much: then its own word for what it learned from
            must do.
        seed: of the sample of viewers.
    """
    if not _learned_from(model, known):
        return Guardrail("leak", "broken", "the stored model has learned from other ratings than the known ones")
    users = np.sort(np.random.default_rng(seed).permutation(lists[USER].unique())[:VIEWERS])
    own = model.recommend(users, CUTOFF)
    judged = lists[lists[USER].isin(users) & (lists[RANK] <= CUTOFF)]
    if _others(own, judged) > FOREIGN:
        return Guardrail("leak", "broken", f"{_others(own, judged):.0%} of the judged lists are not the stored model's")
    if again is not None:
        refitted = again().recommend(users, CUTOFF)
        moved = _others(own, refitted)
        # As above: only where lists differ is another fit needed to see by how much they do anyway.
        if moved > FOREIGN and moved > 2 * _others(refitted, again().recommend(users, CUTOFF)) + FOREIGN:
            words = f"{moved:.0%} of the stored model's lists are others than what it learns from the known ratings"
            return Guardrail("leak", "broken", words)
    return Guardrail("leak", "holds", "the stored model is what it learns from the known ratings")


def _learned_from(model: Ranker, known: Dataset) -> bool:
    expected, learned = History.of(known), model.fitted_
    return all(
        np.array_equal(getattr(learned, part), getattr(expected, part))
        for part in ("user_ids", "movie_ids", "users", "movies", "times")
    )


def _others(lists: pd.DataFrame, others: pd.DataFrame) -> float:
    """Return the share of entries of the lists that are not in the other ones."""
    return (len(lists) - len(lists.merge(others[[USER, MOVIE]], on=[USER, MOVIE]))) / max(len(lists), 1)


def take(dataset: Dataset, test: pd.DataFrame, seed: int) -> Excerpt:
    """Choose viewers who can be judged, and keep their ratings and the movies of these."""
    judged = relevant_pairs(test, dataset.relevant_from)[USER].unique()
    users = np.random.default_rng(seed).permutation(np.sort(judged))[:VIEWERS]
    ratings = dataset.ratings[dataset.ratings[USER].isin(users)]
    movies = ratings[MOVIE].unique()
    facts = ("movies", "genres", "people", "countries", "tags")
    tables = {name: getattr(dataset, name)[getattr(dataset, name)[MOVIE].isin(movies)] for name in facts}
    whole = replace(dataset, ratings=ratings, **tables)
    asked = test[test[USER].isin(users)]
    keys = pd.MultiIndex.from_frame(whole.ratings[[USER, MOVIE]])
    known = ~keys.isin(pd.MultiIndex.from_frame(asked[[USER, MOVIE]]))
    return Excerpt(whole, whole.ratings[known], asked)


def _found(make: Make, prepare: Prepare, excerpt: Excerpt, seed: int) -> str | None:
    """Return what speaks for a leak, in words."""
    shown, hidden = (
        make().fit(*prepare(facts, excerpt.train))
        for facts in (excerpt.whole, excerpt.whole.with_ratings(excerpt.train))
    )
    moved = _moved(shown, hidden, excerpt)
    # Where fits cannot be repeated, lists move anyway; only then is a third one needed to see by how much.
    noise = _moved(shown, make().fit(*prepare(excerpt.whole, excerpt.train)), excerpt) if moved else 0.0
    if moved > (2 * noise + RESTLESS if noise else 0.0):
        return f"{moved:.0%} of its lists change when the held-out ratings are hidden from all it is built from"
    return _knows_test(hidden, make, prepare, excerpt, seed)


def _knows_test(hidden: Ranker, make: Make, prepare: Prepare, excerpt: Excerpt, seed: int) -> str | None:
    """Compare the lead over popularity on the test with that on a window nothing was built from."""
    good, on_test = _lead(hidden, *prepare(excerpt.whole, excerpt.train), excerpt.test)
    if good > TOO_GOOD:
        return f"its NDCG@{CUTOFF} of {good:.2f} on the test is more than anybody can know"
    train, window = per_user_temporal(excerpt.train, seed=seed)
    if relevant_pairs(window, excerpt.whole.relevant_from).empty:
        return None
    known, features = prepare(excerpt.whole.with_ratings(train), train)
    _, elsewhere = _lead(make().fit(known, features), known, features, window)
    if on_test.low <= RATIO * max(elsewhere.high, SMALL_LEAD):
        return None
    return (
        f"its lead over popularity is {on_test.mean:+.3f} on the test and {elsewhere.mean:+.3f} on a window before it"
    )


def _lead(ranker: Ranker, known: Dataset, features: MovieFeatures, asked: pd.DataFrame) -> tuple[float, Interval]:
    own, popular = (
        evaluate(each, asked, (CUTOFF,), relevant_from=known.relevant_from).at(CUTOFF)["ndcg"]
        for each in (ranker, Popularity().fit(known, features))
    )
    return float(own.mean()), paired_bootstrap(own, popular)


def _moved(ranker: Ranker, other: Ranker, excerpt: Excerpt) -> float:
    """Return the share of viewers whose lists differ."""
    users = np.sort(excerpt.test[USER].unique())
    lists, others = (each.recommend(users, CUTOFF) for each in (ranker, other))
    same = lists.merge(others, on=[USER, MOVIE, RANK]).groupby(USER).size()
    sizes = lists.groupby(USER).size()
    return float((same.reindex(sizes.index, fill_value=0) < sizes).mean())
