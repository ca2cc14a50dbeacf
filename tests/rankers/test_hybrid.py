"""How the hybrid learns, and what it keeps."""

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from upath import UPath

from movierec.artifacts import load_arrays
from movierec.dataset import Dataset
from movierec.errors import ModelError
from movierec.features.content import MovieFeatures
from movierec.features.history import History
from movierec.rankers import load
from movierec.rankers.hybrid import OBJECTIVES, Hybrid, grades
from movierec.rankers.stage import Bases, FirstStage


def test_grades_tell_liked_rated_and_unrated(dataset: Dataset) -> None:
    history = History.of(dataset)
    later = pd.DataFrame({"user_id": [1, 1], "movie_id": [2, 4], "rating": [5.0, 2.0]})
    assert grades(later, history, np.array([0, 0, 0]), np.array([1, 3, 5])).tolist() == [2, 1, 0]


def test_lambdarank_gets_the_grades_and_cross_entropy_what_they_gain(
    dataset: Dataset, features: MovieFeatures, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {}
    real = lgb.train

    def train(parameters: dict, data: lgb.Dataset, rounds: int) -> lgb.Booster:
        given[parameters["objective"]] = (parameters, data.label, data.group)
        return real(parameters, data, rounds)

    monkeypatch.setattr(lgb, "train", train)
    for objective in OBJECTIVES:
        Hybrid(objective=objective, truncation=7, rounds=2).fit(dataset, features)
    parameters, labels, groups = given["lambdarank"]
    assert set(labels) == {0, 1, 2}
    assert parameters["label_gain"] == (0.0, 0.2, 1.0)
    assert parameters["lambdarank_truncation_level"] == 7
    # 40 users; each may be shown the 22 of 30 movies that are not among their 8 known ones.
    assert list(groups) == [22] * 40
    assert set(given["cross_entropy"][1]) == {0.0, 0.2, 1.0}


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_either_objective_puts_candidates_before_the_rest(
    objective: str, dataset: Dataset, features: MovieFeatures
) -> None:
    hybrid = Hybrid(objective=objective, candidates=2, rounds=20).fit(dataset, features)
    candidates = np.zeros((40, 30), bool)
    table = hybrid.stage_.table(np.arange(40))
    candidates[table.rows, table.movies] = True
    scores = hybrid.scores(np.arange(40))
    assert ((scores[candidates] >= 0) & (scores[candidates] <= 1)).all()
    assert (scores[~candidates] <= -1).all()


def test_an_unknown_objective_is_answered_with_the_allowed_ones(dataset: Dataset, features: MovieFeatures) -> None:
    with pytest.raises(ModelError, match="'svd' is no objective of the hybrid; allowed are lambdarank, cross_entropy"):
        Hybrid(objective="svd").fit(dataset, features)


def test_the_history_is_saved_once(dataset: Dataset, features: MovieFeatures, tmp_path: Path) -> None:
    folder = UPath(tmp_path)
    Hybrid(rounds=5).fit(dataset, features).save(folder)
    holding = [path for path in tmp_path.rglob("*.npz") if "history.users" in load_arrays(UPath(path))]
    assert holding == [tmp_path / "arrays.npz"]
    assert Dataset.load(folder / "facts").ratings.empty
    loaded = load(folder)
    assert {id(ranker.history_) for ranker in loaded.stage_.bases.named().values()} == {id(loaded.history_)}


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


@pytest.mark.parametrize("file", ["booster.txt", "bases/ease/arrays.npz", "facts/movies.parquet"])
def test_a_missing_part_is_named_and_trouble_on_the_way_to_it_comes_through(
    dataset: Dataset, features: MovieFeatures, tmp_path: Path, file: str
) -> None:
    Hybrid(rounds=5).fit(dataset, features).save(UPath(tmp_path))
    (tmp_path / file).unlink()
    with pytest.raises(ModelError, match=f"{file} is missing"):
        load(UPath(tmp_path))
    (tmp_path / file).mkdir()
    with pytest.raises(IsADirectoryError):
        load(UPath(tmp_path))


def test_another_seed_may_learn_other_trees(dataset: Dataset, features: MovieFeatures) -> None:
    trees = [Hybrid(rounds=5, seed=seed).fit(dataset, features).booster_.model_to_string() for seed in (0, 0, 1)]
    assert trees[0] == trees[1]
    assert trees[0] != trees[2]
