"""Flat trees say exactly what the library that grew them says."""

from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from upath import UPath

from movierec.artifacts import load_arrays, save_arrays
from movierec.errors import ModelError
from movierec.kernels.trees import MAX_LEAVES
from movierec.rankers.reranking.forest import Forest, _rounded_down
from movierec.rankers.reranking.tree import Tree

QUIET = {"verbose": -1, "num_threads": 1, "seed": 3, "min_data_in_leaf": 2, "deterministic": True}


def training_rows(rows: int = 600, missing: float = 0.2, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features, of which the last two are never unknown, and classes that depend on all of them."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(rows, 6)).astype(np.float32)
    classes = matrix @ [1, -1, 2, 0.5, 1, -0.5] + matrix[:, 0] * matrix[:, 4] > 0
    matrix[:, :4][rng.random((rows, 4)) < missing] = np.nan
    return matrix, classes


def unseen_rows(seed: int = 9) -> np.ndarray:
    """Rows in which every feature may be unknown, also those that never were in training."""
    matrix, _ = training_rows(700, seed=seed)
    matrix[np.random.default_rng(seed).random(matrix.shape) < 0.3] = np.nan
    matrix[0] = np.nan
    matrix[1] = 0
    return matrix


def boosted(leaves: int = 31, rounds: int = 20, **parameters: object) -> lgb.Booster:
    matrix, classes = training_rows()
    chosen = {**QUIET, "objective": "binary", "num_leaves": leaves, **parameters}
    return lgb.train(chosen, lgb.Dataset(matrix, classes), rounds)


@pytest.mark.parametrize("leaves", [2, 7, 32, 33, 64])
def test_a_booster_scores_as_lightgbm_does(leaves: int) -> None:
    booster = boosted(leaves)
    expected = booster.predict(unseen_rows(), raw_score=True)
    np.testing.assert_allclose(Forest.from_lightgbm(booster).predict(unseen_rows()), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("shift", [-3.0, 0.0, 3.0])
def test_a_feature_that_was_never_unknown_in_training_counts_as_zero_when_it_is(shift: float) -> None:
    matrix, classes = training_rows(missing=0)
    booster = lgb.train({**QUIET, "objective": "binary"}, lgb.Dataset(matrix + np.float32(shift), classes), 10)
    expected = booster.predict(unseen_rows(), raw_score=True)
    np.testing.assert_allclose(Forest.from_lightgbm(booster).predict(unseen_rows()), expected, rtol=0, atol=1e-12)


def test_a_feature_that_is_only_ever_unknown_or_one_value_can_be_split_on() -> None:
    rng = np.random.default_rng(1)
    matrix = np.where(rng.random((400, 2)) < 0.5, np.nan, 7).astype(np.float32)
    classes = np.isnan(matrix[:, 0]) ^ (rng.random(400) < 0.1)
    for missing_right in (classes, ~classes):
        booster = lgb.train({**QUIET, "objective": "binary"}, lgb.Dataset(matrix, missing_right), 5)
        assert len(set(booster.predict(matrix))) > 1
        expected = booster.predict(matrix, raw_score=True)
        np.testing.assert_allclose(Forest.from_lightgbm(booster).predict(matrix), expected, rtol=0, atol=1e-12)
        model = HistGradientBoostingClassifier(max_iter=5, early_stopping=False).fit(matrix, missing_right)
        found = Forest.from_gradient_boosting(model).predict(matrix)
        np.testing.assert_allclose(found, model.decision_function(matrix), rtol=0, atol=1e-12)


def test_trees_of_one_leaf_count_too() -> None:
    matrix, classes = training_rows()
    nothing_to_split = lgb.Dataset(np.zeros_like(matrix), classes, params={"feature_pre_filter": False})
    booster = lgb.train({**QUIET, "objective": "binary"}, nothing_to_split, 3)
    np.testing.assert_allclose(
        Forest.from_lightgbm(booster).predict(unseen_rows()),
        booster.predict(unseen_rows(), raw_score=True),
        rtol=0,
        atol=1e-12,
    )


def test_split_trees_and_trees_of_one_leaf_may_follow_each_other() -> None:
    leaf = Tree(*(np.array([value]) for value in (-1, 0.0, 0, 0, False, 10.0)))
    split = Tree(
        feature=np.array([0, -1, -1]),
        threshold=np.array([0.5, 0, 0]),
        left=np.array([1, 0, 0]),
        right=np.array([2, 0, 0]),
        is_missing_left=np.array([True, False, False]),
        value=np.array([0.0, 1.0, 2.0]),
    )
    forest = Forest.join([leaf, split, leaf, split, leaf])
    rows = np.array([[0.5], [0.6], [np.nan]], np.float32)
    assert forest.predict(rows).tolist() == [30 + 2 * 1, 30 + 2 * 2, 30 + 2 * 1]


@pytest.mark.parametrize(("leaves", "missing"), [(2, 0.2), (16, 0.0), (64, 0.2)])
def test_a_random_forest_tells_the_probability_that_scikit_learn_tells(leaves: int, missing: float) -> None:
    matrix, classes = training_rows(missing=missing)
    model = RandomForestClassifier(15, max_leaf_nodes=leaves, random_state=0).fit(
        matrix, classes, 1 + matrix[:, 5] ** 2
    )
    rows = unseen_rows() if missing else np.nan_to_num(unseen_rows())
    expected = model.predict_proba(rows)[:, 1]
    np.testing.assert_allclose(Forest.from_random_forest(model).predict(rows), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("leaves", [2, 31, 64])
def test_a_boosted_classifier_decides_as_scikit_learn_does(leaves: int) -> None:
    matrix, classes = training_rows()
    model = HistGradientBoostingClassifier(
        max_iter=15, max_leaf_nodes=leaves, min_samples_leaf=2, early_stopping=False, random_state=0
    ).fit(matrix, classes)
    rows = unseen_rows()
    found = Forest.from_gradient_boosting(model).predict(rows)
    np.testing.assert_allclose(found, model.decision_function(rows), rtol=0, atol=1e-12)


def test_more_leaves_than_a_mask_has_bits_are_refused() -> None:
    with pytest.raises(ModelError, match=f"a tree has {MAX_LEAVES + 1} leaves; allowed are {MAX_LEAVES}"):
        Forest.from_lightgbm(boosted(MAX_LEAVES + 1, 1))


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 513])
def test_a_row_scores_the_same_in_whatever_block_it_is(rows: int) -> None:
    forest, matrix = Forest.from_lightgbm(boosted(7, 5)), unseen_rows()[:rows]
    alone = [forest.predict(matrix[row : row + 1])[0] for row in range(rows)]
    assert forest.predict(matrix).tolist() == alone


def test_rows_may_be_laid_out_in_any_way() -> None:
    forest, matrix = Forest.from_lightgbm(boosted(7, 5)), unseen_rows()
    expected = forest.predict(matrix)
    np.testing.assert_array_equal(forest.predict(np.asfortranarray(matrix)), expected)
    np.testing.assert_array_equal(forest.predict(matrix.astype(np.float64)), expected)


def test_thresholds_between_two_float32_numbers_decide_as_the_float64_does() -> None:
    numbers = np.array([0.1, -0.1, 1 / 3, 1e-40, 16777217.0, -16777217.0, 1e300, np.inf, 0.0])
    below = _rounded_down(numbers)
    for bound, kept in zip(numbers, below, strict=True):
        near = np.float32(np.clip(bound, -3e38, 3e38))
        for value in (near, np.nextafter(near, np.float32(np.inf)), np.nextafter(near, np.float32(-np.inf))):
            assert (value <= kept) == (np.float64(value) <= bound), (bound, value)


def test_a_value_just_at_a_threshold_goes_where_lightgbm_sends_it() -> None:
    booster = boosted(15, 10)
    thresholds = Forest.from_lightgbm(booster).trees.threshold
    rows = np.repeat(thresholds[:, None], 6, axis=1)
    rows = np.concatenate([np.nextafter(rows, np.float32(side)) for side in (-np.inf, np.inf)] + [rows])
    expected = booster.predict(rows, raw_score=True)
    np.testing.assert_allclose(Forest.from_lightgbm(booster).predict(rows), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("leaves", [7, 64])
def test_saved_trees_come_back_the_same(leaves: int, tmp_path: Path) -> None:
    matrix, classes = training_rows()
    model = HistGradientBoostingClassifier(max_iter=5, max_leaf_nodes=leaves, min_samples_leaf=2).fit(matrix, classes)
    forest = Forest.from_gradient_boosting(model)
    save_arrays(UPath(tmp_path) / "forest.npz", forest.to_arrays())
    again = Forest.from_arrays(load_arrays(UPath(tmp_path) / "forest.npz"))
    assert again.base == forest.base != 0
    assert all(values.dtype == again.to_arrays()[name].dtype for name, values in forest.to_arrays().items())
    np.testing.assert_array_equal(again.predict(unseen_rows()), forest.predict(unseen_rows()))
