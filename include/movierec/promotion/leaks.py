"""Whether a ranker has seen what it is asked about: three experiments on an excerpt of a training.

1. *Hidden future.* Everything is built twice, once with the held-out ratings and later tags in the snapshot and once
   without them. Lists must be the same; this catches features and facts that count the future.
2. *A window it cannot have read.* The lead over popularity on the test window is compared with that on an inner window
   which was cut off before anything was built. A ranker that knows the test by other ways, such as a file, has the
   lead on the test alone.
3. *Too good.* Nobody knows nearly all that people will like.

These try the ranker, not the model that was evaluated, so `check_stored_model` asks whether that one is what the ranker
learns from the training ratings alone.

The excerpt bounds the cost: some hundred viewers and the movies they rated most, two fits (two more if inputs or lists
differ). What is learned from equal inputs, to the last bit, is learned once: the first experiment is about inputs that
differ, and what does not depend on its inputs is what the second one is for.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from movierec.data.columns import MOVIE, RANK, USER
from movierec.data.dataset import MOVIE_TABLES, Dataset
from movierec.data.history import History
from movierec.data.splits import per_user_temporal
from movierec.errors import ModelError
from movierec.evaluation.bootstrap import Interval
from movierec.evaluation.evaluate import evaluate
from movierec.evaluation.metrics import relevant_pairs
from movierec.evaluation.protocols import CUTOFF
from movierec.evaluation.significance import paired_bootstrap
from movierec.features.content import MovieFeatures
from movierec.promotion.guardrails import Guardrail
from movierec.rankers.base import Ranker
from movierec.rankers.building_blocks.fits import RememberedFits
from movierec.rankers.building_blocks.fitting_together import begin
from movierec.rankers.popularity import Popularity

log = logging.getLogger(__name__)

MAX_VIEWERS = 300  # of an excerpt
MAX_MOVIES = 1_000  # of an excerpt, those that these viewers rated most
MAX_NDCG = 0.9
# How far the lead on the test may be above that on the earlier window: windows differ, though not by so much beyond
# chance. A lead on the earlier window below MIN_LEAD counts as that.
MAX_LEAD_RATIO = 1.5
MIN_LEAD = 0.05
# Fits that cannot be repeated change lists anyway; this is how much more they may differ than from fit to fit.
MAX_CHANGED_LISTS = 0.05  # share of viewers
MAX_CHANGED_ENTRIES = 0.05  # share of the entries of all lists; a split under another seed changes far more

Make = Callable[[], Ranker]
Fit = Callable[[Dataset, MovieFeatures], Ranker]
Prepare = Callable[[Dataset, pd.DataFrame], tuple[Dataset, MovieFeatures]]


@dataclass(frozen=True)
class Excerpt:
    """Some viewers of a training.

    Attributes:
        dataset: all facts about them, their test ratings among them.
        train: their ratings to fit on.
        test: those held out.
    """

    dataset: Dataset
    train: pd.DataFrame
    test: pd.DataFrame


def check_leaks(make: Make, prepare: Prepare, dataset: Dataset, test: pd.DataFrame, seed: int) -> Guardrail:
    """Try whether the ranker that `make` returns, unfitted, knows the test.

    Args:
        make: the challenger, with its hyper-parameters.
        prepare: how a training builds what is learned from, of all facts and the ratings to fit on.
        dataset: the snapshot, with the test's ratings.
        test: those ratings.
        seed: of the excerpt.
    """
    excerpt = take_excerpt(dataset, test, seed)
    if excerpt.test.empty:
        return Guardrail("leak", "hurt", "nobody can be asked, so a leak would not be seen")
    try:
        evidence = _find_leak(make, prepare, excerpt, seed)
    except (MemoryError, OSError):
        raise
    except Exception as error:
        log.warning("leak: the excerpt cannot be tried", exc_info=not isinstance(error, ModelError))
        return Guardrail("leak", "hurt", f"it could not be tried on {MAX_VIEWERS} viewers: {error}")
    return Guardrail("leak", "broken" if evidence else "holds", evidence or "its lists do not depend on the test")


def check_stored_model(
    model: Ranker, lists: pd.DataFrame, train: Dataset, refit: Callable[[], Ranker] | None, seed: int
) -> Guardrail:
    """Tell whether a stored model has learned from the training ratings alone, and gave the lists that were evaluated.

    Args:
        model: as it was stored.
        lists: (user_id, movie_id, rank) that were evaluated.
        train: what it may have learned from.
        refit: fits the ranker anew on that; None where it costs too much: then the model's own record of what it
            learned from must do.
        seed: of the sample of viewers.
    """
    if not model.training_history_.is_of_same_ratings(History.of(train)):
        return Guardrail("leak", "broken", "the stored model has learned from other ratings than the known ones")
    users = np.sort(np.random.default_rng(seed).permutation(lists[USER].unique())[:MAX_VIEWERS])
    own = model.recommend(users, CUTOFF)
    evaluated = lists[lists[USER].isin(users) & (lists[RANK] <= CUTOFF)]
    foreign = _share_of_other_entries(own, evaluated)
    if foreign > MAX_CHANGED_ENTRIES:
        return Guardrail("leak", "broken", f"{foreign:.0%} of the evaluated lists are not the stored model's")
    if refit is not None:
        refitted = refit().recommend(users, CUTOFF)
        changed = _share_of_other_entries(own, refitted)
        # As below: only where lists differ is another fit needed to see by how much they do anyway.
        if changed > MAX_CHANGED_ENTRIES and changed > MAX_CHANGED_ENTRIES + 2 * _share_of_other_entries(
            refitted, refit().recommend(users, CUTOFF)
        ):
            words = f"{changed:.0%} of the stored model's lists are others than what it learns from the known ratings"
            return Guardrail("leak", "broken", words)
    return Guardrail("leak", "holds", "the stored model is what it learns from the known ratings")


def _share_of_other_entries(lists: pd.DataFrame, others: pd.DataFrame) -> float:
    """Return the share of entries of the lists that are not in the other ones, in whatever order."""
    return (len(lists) - len(lists.merge(others[[USER, MOVIE]], on=[USER, MOVIE]))) / max(len(lists), 1)


def take_excerpt(dataset: Dataset, test: pd.DataFrame, seed: int) -> Excerpt:
    """Choose viewers who liked a movie of the test, and keep their ratings of the movies that they rated most."""
    candidates = relevant_pairs(test, dataset.relevant_from)[USER].unique()
    users = np.random.default_rng(seed).permutation(np.sort(candidates))[:MAX_VIEWERS]
    ratings = dataset.ratings[dataset.ratings[USER].isin(users)]
    movies = ratings[MOVIE].value_counts(sort=False).sort_index().nlargest(MAX_MOVIES).index
    ratings = ratings[ratings[MOVIE].isin(movies)]
    tables = {name: getattr(dataset, name)[getattr(dataset, name)[MOVIE].isin(movies)] for name in MOVIE_TABLES}
    held_out = test[test[USER].isin(users) & test[MOVIE].isin(movies)]
    keys = pd.MultiIndex.from_frame(ratings[[USER, MOVIE]])
    is_train = ~keys.isin(pd.MultiIndex.from_frame(held_out[[USER, MOVIE]]))
    return Excerpt(replace(dataset, ratings=ratings, **tables), ratings[is_train], held_out)


def _find_leak(make: Make, prepare: Prepare, excerpt: Excerpt, seed: int) -> str | None:
    """Return what speaks for a leak, in words."""
    fits = RememberedFits()

    def fit(known: Dataset, features: MovieFeatures) -> Ranker:
        return fits.ranker(make(), known, features)

    train, window = per_user_temporal(excerpt.train, seed=seed)
    # Half of the work, for another core.
    earlier_lead = begin(lambda: _lead_before(fit, prepare, excerpt, train, window))
    with_test, without_test = (
        fit(*prepare(facts, excerpt.train)) for facts in (excerpt.dataset, excerpt.dataset.with_ratings(excerpt.train))
    )
    changed_share = _share_of_changed_lists(with_test, without_test, excerpt)
    max_changed = 0.0
    if changed_share:  # where fits cannot be repeated, lists change anyway; a third fit shows by how much
        fitted_again = make().fit(*prepare(excerpt.dataset, excerpt.train))
        noise = _share_of_changed_lists(with_test, fitted_again, excerpt)
        max_changed = 2 * noise + MAX_CHANGED_LISTS if noise else 0.0
    if changed_share > max_changed:
        return f"{changed_share:.0%} of its lists change when the held-out ratings are hidden from all it is built from"
    ndcg, on_test = _lead_over_popularity(without_test, *prepare(excerpt.dataset, excerpt.train), excerpt.test)
    if ndcg > MAX_NDCG:
        return f"its NDCG@{CUTOFF} of {ndcg:.2f} on the test is more than anybody can know"
    on_window = earlier_lead.result()
    if on_window is None or on_test.low <= MAX_LEAD_RATIO * max(on_window.high, MIN_LEAD):
        return None
    return (
        f"its lead over popularity is {on_test.mean:+.3f} on the test and {on_window.mean:+.3f} on a window before it"
    )


def _lead_before(
    fit: Fit, prepare: Prepare, excerpt: Excerpt, train: pd.DataFrame, window: pd.DataFrame
) -> Interval | None:
    """Return the lead over popularity on a window nothing was built from; None where nobody liked anything in it."""
    if relevant_pairs(window, excerpt.dataset.relevant_from).empty:
        return None
    earlier, features = prepare(excerpt.dataset.with_ratings(train), train)
    return _lead_over_popularity(fit(earlier, features), earlier, features, window)[1]


def _lead_over_popularity(
    ranker: Ranker, train: Dataset, features: MovieFeatures, test: pd.DataFrame
) -> tuple[float, Interval]:
    """Return the ranker's mean NDCG and the interval of its lead over popularity fitted on the same."""
    own, popular = (
        evaluate(each, test, (CUTOFF,), relevant_from=train.relevant_from).at(CUTOFF)["ndcg"]
        for each in (ranker, Popularity().fit(train, features))
    )
    return float(own.mean()), paired_bootstrap(own, popular)


def _share_of_changed_lists(ranker: Ranker, other: Ranker, excerpt: Excerpt) -> float:
    """Return the share of viewers whose lists differ in an entry or in the order."""
    users = np.sort(excerpt.test[USER].unique())
    lists, others = (each.recommend(users, CUTOFF) for each in (ranker, other))
    same = lists.merge(others, on=[USER, MOVIE, RANK]).groupby(USER).size()
    sizes = lists.groupby(USER).size()
    return float((same.reindex(sizes.index, fill_value=0) < sizes).mean())
