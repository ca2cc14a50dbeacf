"""Nothing after a cut-off influences what is evaluated before it; and the checks that say so notice planted leaks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec.artifacts import load_frame
from movierec.data.dataset import Dataset
from movierec.data.history import History
from movierec.data.splits import per_user_temporal
from movierec.features.content import MovieFeatures
from movierec.features.counts import Counts
from movierec.features.pairs import PairFeatures
from movierec.rankers import registry
from movierec.rankers.building_blocks.fits import ANEW
from movierec.rankers.building_blocks.label_windows import WindowPlan, label_windows
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.reranking import training_inputs
from movierec.rankers.reranking.base_rankers import BaseRankers
from movierec.rankers.reranking.candidates import CandidateGenerator
from movierec.rankers.reranking.training_set import TrainingSet
from movierec.training import fit
from movierec.training.data import TrainingData
from movierec.training.folder import TrainingFolder

EVERYONE = range(1, 41)
PLAN = WindowPlan(windows="time", label_share=0.2, folds=1, candidates=100, training_users=1_000, seed=0)
FEW_TREES = {"hybrid": {"rounds": 3}, "gradient_boosting": {"rounds": 3}, "random_forest": {"trees": 3}}
SMALL = {**FEW_TREES, "neural": {"architecture": "autoencoder", "epochs": 2}}


def altered(ratings: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """Give the later rows other ratings, later times and other movies, which their user has not rated."""
    fresh = ratings.copy()
    for user, rows in ratings.loc[later.index].groupby("user_id"):
        unseen = np.setdiff1d(np.arange(1, 31), ratings.loc[ratings["user_id"] == user, "movie_id"])
        fresh.loc[rows.index, "movie_id"] = unseen[-len(rows) :]
    fresh.loc[later.index, "rating"] = 9 - ratings.loc[later.index, "rating"]
    fresh.loc[later.index, "rated_at"] += pd.Timedelta(days=40)
    return fresh


def differently_labelled(dataset: Dataset) -> Dataset:
    ((_, _, later),) = label_windows(dataset.ratings, PLAN)
    return dataset.with_ratings(altered(dataset.ratings, later))


def training_set_of(dataset: Dataset, features: MovieFeatures) -> TrainingSet:
    given = training_inputs._grade_windows(dataset, features, PLAN, {}).training_set
    assert given is not None
    return given


class Leak:
    """A candidate generator that knows more than the history it is given."""

    everything: ClassVar[Dataset]

    @classmethod
    def fit(cls, dataset: Dataset, *rest: Any) -> CandidateGenerator:
        return cls.spoil(CandidateGenerator.fit(dataset, *rest), dataset)

    @classmethod
    def spoil(cls, generator: CandidateGenerator, dataset: Dataset) -> CandidateGenerator:
        raise NotImplementedError


class AllBaseRankersSawTheLabels(Leak):
    @classmethod
    def spoil(cls, generator: CandidateGenerator, dataset: Dataset) -> CandidateGenerator:
        base_rankers = BaseRankers.fit(cls.everything, generator.features, ANEW).fold_in(dataset)
        return CandidateGenerator(base_rankers, generator.facts, generator.features, generator.depth)


class OneBaseRankerSawTheLabels(Leak):
    @classmethod
    def spoil(cls, generator: CandidateGenerator, dataset: Dataset) -> CandidateGenerator:
        leaking = ItemKNN().fit(cls.everything, generator.features).fold_in(dataset)
        return CandidateGenerator(
            replace(generator.base_rankers, fitted={**generator.base_rankers.fitted, "item_knn": leaking}),
            generator.facts,
            generator.features,
            generator.depth,
        )


class CountsKnowTheLabelWindow(Leak):
    @classmethod
    def spoil(cls, generator: CandidateGenerator, dataset: Dataset) -> CandidateGenerator:
        generator.pairs = replace(generator.pairs, counts=Counts.of(History.of(cls.everything), dataset.users))
        return generator


class TraitsKnowTheLabelWindow(Leak):
    @classmethod
    def spoil(cls, generator: CandidateGenerator, dataset: Dataset) -> CandidateGenerator:
        everything = History.of(cls.everything)
        generator.pairs = PairFeatures.of(generator.facts, generator.features, generator.history, everything)
        generator.pairs = replace(generator.pairs, counts=Counts.of(generator.history, dataset.users))
        return generator


class NowIsTheEndOfTheLabelWindow(Leak):
    @classmethod
    def spoil(cls, generator: CandidateGenerator, dataset: Dataset) -> CandidateGenerator:
        generator.pairs = replace(generator.pairs, now=History.of(cls.everything).now)
        return generator


LEAKS = [
    AllBaseRankersSawTheLabels,
    OneBaseRankerSawTheLabels,
    CountsKnowTheLabelWindow,
    TraitsKnowTheLabelWindow,
    NowIsTheEndOfTheLabelWindow,
]


def test_the_label_window_gives_labels_and_nothing_else(dataset: Dataset, features: MovieFeatures) -> None:
    before, after = training_set_of(dataset, features), training_set_of(differently_labelled(dataset), features)
    assert before.names == after.names
    np.testing.assert_array_equal(before.values, after.values)
    np.testing.assert_array_equal(before.sizes, after.sizes)
    assert (before.grades != after.grades).any()


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_noticed(
    leak: type[Leak], dataset: Dataset, features: MovieFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_inputs, "CandidateGenerator", leak)
    found = []
    for given in (dataset, differently_labelled(dataset)):
        monkeypatch.setattr(Leak, "everything", given, raising=False)
        found.append(training_set_of(given, features))
    assert found[0].values.shape == found[1].values.shape
    assert not np.array_equal(found[0].values, found[1].values, equal_nan=True)


def with_a_late_tag(dataset: Dataset, word: str) -> Dataset:
    """Let user 1 put a word on movie 30 just before their last rating, which is in the label window."""
    last = dataset.ratings.loc[dataset.ratings["user_id"] == 1, "rated_at"].max()
    tags = pd.DataFrame({"user_id": [1], "movie_id": [30], "tag": word, "tagged_at": last - pd.Timedelta(hours=1)})
    return replace(dataset, tags=tags)


@pytest.fixture
def tagged_training_sets(dataset: Dataset) -> Callable[[], list[TrainingSet]]:
    facts = [with_a_late_tag(dataset, word) for word in ("film", "drama")]
    return lambda: [training_set_of(given, MovieFeatures.build(given)) for given in facts]


def test_a_word_of_the_label_window_describes_no_movie_before_it(
    tagged_training_sets: Callable[[], list[TrainingSet]],
) -> None:
    film, drama = tagged_training_sets()
    np.testing.assert_array_equal(film.values, drama.values)


def test_a_word_of_the_label_window_that_leaks_is_noticed(
    tagged_training_sets: Callable[[], list[TrainingSet]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        training_inputs, "known_side", lambda dataset, features, known: (dataset.with_ratings(known), features)
    )
    film, drama = tagged_training_sets()
    assert not np.array_equal(film.values, drama.values, equal_nan=True)


def lists_of(folder: TrainingFolder, dataset: Dataset, name: str) -> pd.DataFrame:
    """Train as a night does, from snapshot to saved model, and recommend."""
    dataset.save(folder.snapshot)
    fit.build_features(folder, seed=0)
    data = TrainingData(folder)
    fit.fit_ranker(data, name, SMALL.get(name))
    return data.load_ranker(name).recommend(EVERYONE, 10)


@pytest.mark.parametrize("name", sorted(registry.RANKERS))
def test_ratings_held_out_for_judging_change_no_list(name: str, dataset: Dataset, tmp_path: Path) -> None:
    # Apart, so that the second one fits anew instead of taking what the first one kept.
    one, other = (TrainingFolder(1, UPath(tmp_path) / part / "000001") for part in ("one", "other"))
    before = lists_of(one, dataset, name)
    _, test = per_user_temporal(dataset.ratings, seed=0)
    after = lists_of(other, dataset.with_ratings(altered(dataset.ratings, test)), name)
    held_out = [load_frame(folder.test) for folder in (one, other)]
    assert held_out[0].merge(held_out[1], on=["user_id", "movie_id"]).empty
    pd.testing.assert_frame_equal(before, after)
