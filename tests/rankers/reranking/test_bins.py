"""Features cut into bins: what trees learn on the numbers of bins holds for values."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from movierec.rankers.reranking.bins import MAX_BINS, UNKNOWN, Bins
from movierec.rankers.reranking.forest import Forest

ROWS = 4_000


def features() -> np.ndarray:
    """A skewed feature, one of three values, one that is often unknown, and one that always is."""
    rng = np.random.default_rng(1)
    sometimes = rng.normal(size=ROWS)
    sometimes[rng.random(ROWS) < 0.3] = np.nan
    columns = [np.exp(3 * rng.normal(size=ROWS)), rng.integers(-1, 2, ROWS), sometimes, np.full(ROWS, np.nan)]
    return np.column_stack(columns).astype(np.float32)


def test_bins_keep_the_order_and_hold_equal_shares() -> None:
    matrix = features()
    numbers = Bins.of(matrix).numbers(matrix)
    order = np.argsort(matrix[:, 0], kind="stable")
    assert (np.diff(numbers[order, 0].astype(int)) >= 0).all()
    sizes = np.bincount(numbers[:, 0])
    assert len(sizes) == MAX_BINS
    assert sizes.max() <= 2 * ROWS / MAX_BINS
    assert set(numbers[:, 1]) == {0, 1, 2}


def test_unknown_values_have_no_bin() -> None:
    matrix = features()
    numbers = Bins.of(matrix).numbers(matrix)
    np.testing.assert_array_equal(numbers == UNKNOWN, np.isnan(matrix))


def test_a_feature_of_few_values_keeps_them() -> None:
    matrix = features()
    bins = Bins.of(matrix)
    np.testing.assert_array_equal(bins.centres[1, :3], [-1, 0, 1])
    assert np.isnan(bins.centres[1, 3:]).all()
    assert np.isnan(bins.edges[3]).all()


@pytest.mark.parametrize("kind", ["forest", "boosting"])
def test_a_forest_grown_on_bins_sums_the_same_for_values(kind: str) -> None:
    matrix = features()
    bins = Bins.of(matrix)
    numbers = bins.numbers(matrix).astype(np.float32)
    numbers[numbers == UNKNOWN] = np.nan
    numbers[:, 3] = 0
    labels = (np.nan_to_num(matrix[:, 2]) + np.log(matrix[:, 0])) * matrix[:, 1] > 0
    if kind == "forest":
        grown = Forest.from_random_forest(
            RandomForestClassifier(10, max_leaf_nodes=30, random_state=0).fit(numbers, labels)
        )
    else:
        model = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=15, random_state=0).fit(numbers, labels)
        grown = Forest.from_gradient_boosting(model)
    expected = grown.predict(numbers)
    assert np.ptp(expected) > 0
    np.testing.assert_array_equal(grown.on_values(bins).predict(matrix), expected)


def test_a_split_between_known_and_unknown_survives() -> None:
    bins = Bins.of(features())
    numbers = np.array([np.finfo(np.float32).max, 2.5, 1e-35], np.float32)
    thresholds = bins.thresholds(np.array([2, 1, 1], np.int32), numbers)
    assert thresholds.tolist() == [np.finfo(np.float32).max, np.finfo(np.float32).max, -1]


def test_saved_bins_are_the_same() -> None:
    bins = Bins.of(features())
    loaded = Bins.from_arrays(bins.to_arrays())
    np.testing.assert_array_equal(loaded.edges, bins.edges)
    np.testing.assert_array_equal(loaded.centres, bins.centres)
