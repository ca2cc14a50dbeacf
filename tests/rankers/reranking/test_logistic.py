"""The logistic member: scikit-learn's weights on features of one scale, and what is unknown or far away in them."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from movierec.rankers.reranking.logistic import Logistic
from movierec.rankers.reranking.scaling import MAX_DEVIATIONS

ROWS = 500


def training_rows(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    matrix = (rng.normal(size=(ROWS, 4)) * [1, 50, 0.01, 1] + [0, 1000, 0, 0]).astype(np.float32)
    wanted = matrix[:, 0] + (matrix[:, 1] - 1000) / 50 + rng.normal(size=ROWS) > 0
    return matrix, wanted, rng.uniform(0.2, 1, ROWS).astype(np.float32)


EVERY = np.ones(4, bool)


def test_weights_are_those_of_logistic_regression_on_standardised_features() -> None:
    matrix, wanted, importance = training_rows()
    logistic = Logistic.fit(matrix, wanted, importance, EVERY, 10.0)
    standard = np.clip((matrix - matrix.mean(axis=0)) / matrix.std(axis=0), -MAX_DEVIATIONS, MAX_DEVIATIONS)
    expected = LogisticRegression(C=0.1, tol=1e-8, max_iter=1_000).fit(standard, wanted, importance)
    np.testing.assert_allclose(logistic.weights, expected.coef_[0], rtol=0.01, atol=1e-3)
    np.testing.assert_allclose(logistic.predict(matrix), standard @ logistic.weights, rtol=1e-3, atol=1e-3)


def test_unknown_values_count_like_the_mean() -> None:
    matrix, wanted, importance = training_rows()
    matrix[::3, 1] = np.nan
    logistic = Logistic.fit(matrix, wanted, importance, EVERY, 1.0)
    unknown, average = matrix[:5].copy(), matrix[:5].copy()
    unknown[:, 1], average[:, 1] = np.nan, np.nanmean(matrix[:, 1])
    np.testing.assert_allclose(logistic.predict(unknown), logistic.predict(average), atol=1e-4)
    assert np.isfinite(logistic.predict(np.full((1, 4), np.nan, np.float32))).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("constant", [np.nan, 7.0])
def test_a_feature_that_tells_nothing_weighs_nothing(constant: float) -> None:
    matrix, wanted, importance = training_rows()
    matrix[:, 2] = constant
    logistic = Logistic.fit(matrix, wanted, importance, EVERY, 1.0)
    assert logistic.weights[2] == pytest.approx(0, abs=1e-6)
    assert np.isfinite(logistic.predict(matrix)).all()


def test_what_is_far_away_counts_like_five_deviations() -> None:
    matrix, wanted, importance = training_rows()
    logistic = Logistic.fit(matrix, wanted, importance, EVERY, 1.0)
    far, farther = matrix[:1].copy(), matrix[:1].copy()
    far[0, 0], farther[0, 0] = 100, 1e6
    assert logistic.predict(far) == logistic.predict(farther)


def test_only_used_features_have_a_weight() -> None:
    matrix, wanted, importance = training_rows()
    logistic = Logistic.fit(matrix, wanted, importance, np.array([False, True, True, True]), 1.0)
    assert logistic.weights[0] == 0
    assert (logistic.weights[1:] != 0).all()


def test_stronger_regularisation_gives_smaller_weights() -> None:
    weak, strong = (np.abs(Logistic.fit(*training_rows(), EVERY, l2).weights).sum() for l2 in (1.0, 1_000.0))
    assert strong < weak / 2


def test_rows_of_more_importance_decide() -> None:
    matrix = np.array([[0.0], [1.0]] * 50, np.float32)
    wanted = np.array([False, True] * 25 + [True, False] * 25)
    first = np.repeat([1.0, 0.2], 50).astype(np.float32)
    use = np.ones(1, bool)
    assert Logistic.fit(matrix, wanted, first, use, 1.0).weights[0] > 0
    assert Logistic.fit(matrix, wanted, first[::-1].copy(), use, 1.0).weights[0] < 0


def test_saved_weights_come_back_the_same() -> None:
    logistic = Logistic.fit(*training_rows(), EVERY, 1.0)
    matrix = training_rows(seed=4)[0]
    np.testing.assert_array_equal(Logistic.from_arrays(logistic.to_arrays()).predict(matrix), logistic.predict(matrix))
