"""The hybrid learns only from what was known before what it predicts."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec.dataset import Dataset
from movierec.errors import ModelError
from movierec.evaluation.splits import per_user_temporal
from movierec.features.content import MovieFeatures
from movierec.features.history import History
from movierec.rankers import load
from movierec.rankers.hybrid import Hybrid, graded_labels
from movierec.rankers.stage import Bases, FirstStage


def learning_table(dataset: Dataset, features: MovieFeatures) -> tuple[np.ndarray, list[str]]:
    known, _ = per_user_temporal(dataset.ratings, 0.2, 0)
    before = dataset.with_ratings(known)
    table = FirstStage(Bases.fit(before, features), before, 100).table(np.arange(40))
    return table.matrix, table.names


def test_labels_grade_liked_rated_and_unrated(dataset: Dataset) -> None:
    history = History.of(dataset)
    later = pd.DataFrame({"user_id": [1, 1], "movie_id": [2, 4], "rating": [5.0, 2.0]})
    labels = graded_labels(later, history, np.array([0, 0, 0]), np.array([1, 3, 5]))
    assert labels.tolist() == pytest.approx([1.0, 0.2, 0.0])


def test_the_label_window_does_not_reach_the_features_it_is_learned_with(
    dataset: Dataset, features: MovieFeatures
) -> None:
    _, later = per_user_temporal(dataset.ratings, 0.2, 0)
    planted = dataset.ratings.copy()
    planted.loc[planted.index.isin(later.index), "rating"] = np.float32(1)
    before, names = learning_table(dataset, features)
    after, _ = learning_table(dataset.with_ratings(planted), features)
    np.testing.assert_array_equal(before, after, err_msg=str(names))


def test_rows_held_out_for_judging_change_nothing_when_altered(dataset: Dataset, features: MovieFeatures) -> None:
    lists = []
    for rating in (1.0, 5.0):
        train, test = per_user_temporal(dataset.ratings)
        everything = pd.concat([train, test.assign(rating=np.float32(rating))])
        known, _ = per_user_temporal(everything.sort_index())
        lists.append(Hybrid(rounds=20).fit(dataset.with_ratings(known), features).recommend(range(1, 41), 10))
    pd.testing.assert_frame_equal(*lists)


def test_candidates_are_never_seen_movies(dataset: Dataset, features: MovieFeatures) -> None:
    stage = FirstStage(Bases.fit(dataset, features), dataset, 5)
    table = stage.table(np.arange(40))
    assert not stage.history.seen.toarray()[table.rows, table.movies].any()
    assert table.matrix.shape == (len(table.rows), len(table.names))


def test_without_labels_the_order_is_that_of_ease(dataset: Dataset, features: MovieFeatures) -> None:
    first = dataset.with_ratings(dataset.ratings.groupby("user_id").head(1))
    hybrid = Hybrid().fit(first, features)
    assert hybrid.booster_ is None
    ease = hybrid.stage_.bases.ease.recommend(range(1, 41), 5)
    pd.testing.assert_series_equal(hybrid.recommend(range(1, 41), 5)["movie_id"], ease["movie_id"])


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_cut_off_booster_is_named(dataset: Dataset, features: MovieFeatures, tmp_path: Path, share: float) -> None:
    folder = UPath(tmp_path)
    Hybrid(rounds=5).fit(dataset, features).save(folder)
    text = (folder / "booster.txt").read_text()
    (folder / "booster.txt").write_text("x" + text[: int(len(text) * share)])
    with pytest.raises(ModelError, match=r"booster\.txt"):
        load(folder)


def test_another_seed_may_learn_other_trees(dataset: Dataset, features: MovieFeatures) -> None:
    trees = [Hybrid(rounds=5, seed=seed).fit(dataset, features).booster_.model_to_string() for seed in (0, 0, 1)]
    assert trees[0] == trees[1]
    assert trees[0] != trees[2]
