"""Nothing after a cut-off influences what is judged before it; and the checks that say so notice planted leaks."""

from dataclasses import replace
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec import rankers, training
from movierec.artifacts import load_frame
from movierec.dataset import Dataset
from movierec.evaluation.splits import per_user_temporal
from movierec.features.content import MovieFeatures
from movierec.rankers.hybrid import Hybrid, Lesson
from movierec.rankers.item_knn import ItemKNN
from movierec.rankers.stage import FirstStage

EVERYONE = range(1, 41)


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
    _, later = per_user_temporal(dataset.ratings, Hybrid().label_share, Hybrid().seed)
    return dataset.with_ratings(altered(dataset.ratings, later))


class Learned(Exception):  # noqa: N818 - it only ends the fit
    """What LightGBM was asked to learn from."""


def learned_from(
    kind: type[Hybrid], dataset: Dataset, features: MovieFeatures, monkeypatch: pytest.MonkeyPatch
) -> tuple[np.ndarray, np.ndarray]:
    """Fit until LightGBM is called, and return the features and labels it is given."""

    def stop(_: object, data: lgb.Dataset, *__: object) -> None:
        raise Learned(data.data, data.label)

    monkeypatch.setattr(lgb, "train", stop)
    with pytest.raises(Learned) as caught:
        kind().fit(dataset, features)
    return caught.value.args[0], caught.value.args[1]


class BasesSawEverything(Hybrid):
    """Leaks: the base rankers of the learning table know the label window, seen movies do not."""

    def _learning_table(self, dataset: Dataset, features: MovieFeatures) -> Lesson | None:
        self.everything_ = dataset
        return super()._learning_table(dataset, features)

    def _first_stage(self, dataset: Dataset, features: MovieFeatures) -> FirstStage:
        stage = super()._first_stage(self.everything_, features)
        bases = super()._first_stage(dataset, features).bases
        for name, ranker in stage.bases.named().items():
            ranker.history_ = getattr(bases, name).history_
        return FirstStage(stage.bases, dataset, self.candidates)


class ItemKNNSawTheLabels(Hybrid):
    """Leaks: one base ranker of the learning table is fitted on the label window."""

    def _learning_table(self, dataset: Dataset, features: MovieFeatures) -> Lesson | None:
        _, self.later_ = per_user_temporal(dataset.ratings, self.label_share, self.seed)
        return super()._learning_table(dataset, features)

    def _first_stage(self, dataset: Dataset, features: MovieFeatures) -> FirstStage:
        bases = super()._first_stage(dataset, features).bases
        leaking = ItemKNN().fit(dataset.with_ratings(self.later_), features)
        leaking.history_ = bases.item_knn.history_
        return FirstStage(replace(bases, item_knn=leaking), dataset, self.candidates)


def test_the_label_window_gives_labels_and_nothing_else(
    dataset: Dataset, features: MovieFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, labels = learned_from(Hybrid, dataset, features, monkeypatch)
    after, other_labels = learned_from(Hybrid, differently_labelled(dataset), features, monkeypatch)
    np.testing.assert_array_equal(before, after)
    assert (labels != other_labels).any()


@pytest.mark.parametrize("leaking", [BasesSawEverything, ItemKNNSawTheLabels])
def test_a_planted_leak_is_noticed(
    leaking: type[Hybrid], dataset: Dataset, features: MovieFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = learned_from(leaking, dataset, features, monkeypatch)
    after, _ = learned_from(leaking, differently_labelled(dataset), features, monkeypatch)
    assert before.shape == after.shape
    assert (before != after).any()


def test_what_is_learned_from_is_the_learning_table(
    dataset: Dataset, features: MovieFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = Hybrid()._learning_table(dataset, features)
    matrix, labels = learned_from(Hybrid, dataset, features, monkeypatch)
    np.testing.assert_array_equal(lesson.table.matrix, matrix)
    np.testing.assert_array_equal(lesson.grades, labels)


def lists_of(folder: UPath, dataset: Dataset, name: str) -> pd.DataFrame:
    """Train as a night does, from snapshot to saved model, and recommend."""
    dataset.save(folder / "snapshot")
    training.build_features(folder, seed=0)
    training.fit_ranker(folder, name)
    return rankers.load(folder / "models" / name).recommend(EVERYONE, 10)


@pytest.mark.parametrize("name", sorted(rankers.RANKERS))
def test_ratings_held_out_for_judging_change_no_list(name: str, dataset: Dataset, tmp_path: Path) -> None:
    one, other = UPath(tmp_path) / "one", UPath(tmp_path) / "other"
    before = lists_of(one, dataset, name)
    _, test = per_user_temporal(dataset.ratings, seed=0)
    after = lists_of(other, dataset.with_ratings(altered(dataset.ratings, test)), name)
    held_out = [load_frame(folder / "test.parquet") for folder in (one, other)]
    assert held_out[0].merge(held_out[1], on=["user_id", "movie_id"]).empty
    pd.testing.assert_frame_equal(before, after)
