"""The network of the hybrid: what it learns that no weighted sum can, and how it scores."""

import numpy as np
import pytest

from movierec.rankers.reranking.perceptron import Perceptron
from movierec.rankers.reranking.scaling import MAX_DEVIATIONS

ROWS = 4_000
EVERY = np.ones(4, bool)
SIZES = {"units": 16, "epochs": 20, "learning_rate": 0.01, "weight_decay": 0.01, "seed": 1}


def training_rows(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that are wanted where two features have the same sign: no sum of the features tells."""
    rng = np.random.default_rng(seed)
    matrix = (rng.normal(size=(ROWS, 4)) * [1, 50, 0.01, 1] + [0, 1000, 0, 0]).astype(np.float32)
    return matrix, (matrix[:, 0] > 0) == (matrix[:, 1] > 1000), np.ones(ROWS, np.float32)


@pytest.fixture(scope="module")
def fitted() -> Perceptron:
    return Perceptron.fit(*training_rows(), EVERY, **SIZES)


def test_it_learns_what_no_weighted_sum_tells(fitted: Perceptron) -> None:
    matrix, wanted, _ = training_rows(seed=1)
    predicted = fitted.predict(matrix)
    assert ((predicted > np.median(predicted)) == wanted).mean() > 0.9


def layers(network: Perceptron, matrix: np.ndarray) -> np.ndarray:
    standardised = network.scaling.standardise(matrix[:, network.features])
    return np.maximum(standardised @ network.kernel + network.bias, 0) @ network.output


@pytest.mark.parametrize(("units", "used"), [(16, 4), (7, 3), (1, 1)])
def test_scores_are_those_of_the_layers(units: int, used: int) -> None:
    matrix, wanted, weights = training_rows()
    matrix[5, 1], matrix[6] = 1e9, np.nan
    network = Perceptron.fit(matrix, wanted, weights, np.arange(4) < used, **{**SIZES, "units": units})
    np.testing.assert_allclose(network.predict(matrix), layers(network, matrix), rtol=1e-4, atol=1e-4)


def test_a_row_scores_the_same_to_the_last_bit_whatever_is_beside_it(fitted: Perceptron) -> None:
    matrix, *_ = training_rows()
    together = fitted.predict(matrix)
    assert [float(fitted.predict(matrix[row : row + 1])[0]) for row in range(50)] == together[:50].tolist()


def test_unknown_values_count_like_the_mean_and_far_ones_like_the_bound(fitted: Perceptron) -> None:
    mean, scale = fitted.scaling
    rows = np.tile(mean, (4, 1))
    rows[1, 1], rows[2, 1], rows[3, 1] = np.nan, mean[1] + MAX_DEVIATIONS * scale[1], mean[1] + 1e6 * scale[1]
    at_mean, unknown, at_bound, far = fitted.predict(rows)
    assert at_mean == pytest.approx(unknown, abs=1e-6)
    assert at_bound == pytest.approx(far, rel=1e-4)
    assert at_bound != pytest.approx(at_mean, rel=1e-2)


def test_features_that_are_not_used_change_nothing() -> None:
    matrix, wanted, weights = training_rows()
    network = Perceptron.fit(matrix, wanted, weights, np.array([True, True, False, True]), **SIZES)
    other = matrix.copy()
    other[:, 2] = 7
    np.testing.assert_array_equal(network.predict(other), network.predict(matrix))


def test_rows_count_by_their_weights() -> None:
    matrix, wanted, weights = training_rows()
    # the first half says the opposite of the second, and weighs next to nothing
    wanted[: ROWS // 2] = ~wanted[: ROWS // 2]
    weights[: ROWS // 2] = 1e-3
    predicted = Perceptron.fit(matrix, wanted, weights, EVERY, **SIZES).predict(matrix)
    assert ((predicted > np.median(predicted)) == wanted)[ROWS // 2 :].mean() > 0.9


def test_the_same_seed_gives_the_same_network_and_another_one_another(fitted: Perceptron) -> None:
    again, other = (Perceptron.fit(*training_rows(), EVERY, **{**SIZES, "seed": seed}) for seed in (1, 2))
    np.testing.assert_array_equal(again.kernel, fitted.kernel)
    assert (other.kernel != fitted.kernel).any()


@pytest.mark.filterwarnings("error")
def test_a_feature_that_is_unknown_or_alike_throughout_does_no_harm() -> None:
    matrix, wanted, weights = training_rows()
    matrix[:, 2], matrix[:, 3] = np.nan, 5
    assert np.isfinite(Perceptron.fit(matrix, wanted, weights, EVERY, **SIZES).predict(matrix)).all()


def test_it_is_kept(fitted: Perceptron) -> None:
    matrix, *_ = training_rows()
    kept = Perceptron.from_arrays(fitted.to_arrays())
    np.testing.assert_array_equal(kept.predict(matrix), fitted.predict(matrix))
