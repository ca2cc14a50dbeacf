import numpy as np
import pytest

from movierec.kernels.top_k import STRIDE, top_k


def best(scores: list[list[float]], k: int) -> list[tuple[int, int, int]]:
    return list(zip(*(part.tolist() for part in top_k(np.array(scores, np.float32), k)), strict=True))


def test_best_first_within_each_row() -> None:
    assert best([[1, 3, 2], [9, 7, 8]], 2) == [(0, 1, 1), (0, 2, 2), (1, 0, 1), (1, 2, 2)]


def test_equal_scores_are_ordered_by_column() -> None:
    assert best([[5, 5, 5, 6]], 3) == [(0, 3, 1), (0, 0, 2), (0, 1, 3)]


def test_what_is_not_finite_is_left_out() -> None:
    assert best([[-np.inf, 2, -np.inf]], 3) == [(0, 1, 1)]


def test_nothing_asked_for_gives_nothing() -> None:
    assert best([[1, 2]], 0) == []


def test_the_best_are_those_that_sorting_finds() -> None:
    scores = np.random.default_rng(3).integers(0, 20, (50, 200)).astype(np.float32)  # many are equal
    rows, columns, ranks = top_k(scores, 30)
    expected = np.argsort(-scores, axis=1, kind="stable")[:, :30]
    assert rows.tolist() == np.repeat(np.arange(50), 30).tolist()
    assert columns.reshape(50, 30).tolist() == expected.tolist()
    assert ranks.tolist() == list(range(1, 31)) * 50


def test_a_whole_row_can_be_asked_for() -> None:
    scores = np.random.default_rng(4).random((3, 500)).astype(np.float32)
    assert (top_k(scores, 1000)[1].reshape(3, 500) == np.argsort(-scores, axis=1)).all()


def test_the_worst_scores_are_scores_too() -> None:
    assert best([[np.nan, -5, np.inf, -7]], 3) == [(0, 1, 1), (0, 3, 2)]


@pytest.mark.parametrize("k", [1, 10, 100])
@pytest.mark.parametrize("kind", ["any", "long tail", "rising", "ties", "few finite", "high where nobody looks"])
def test_what_is_skipped_is_never_among_the_best(kind: str, k: int) -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(20, 1_000))
    if kind == "long tail":
        scores = np.exp(4 * scores)
    elif kind == "rising":
        scores = np.sort(scores, axis=1)
    elif kind == "ties":
        scores = np.round(scores)
    elif kind == "few finite":
        scores[rng.random(scores.shape) < 0.95] = -np.inf
    elif kind == "high where nobody looks":
        scores[:, 1::STRIDE] += 100
    scores = scores.astype(np.float32)
    rows, columns, _ = top_k(scores, k)
    for row, values in enumerate(scores):
        order = np.lexsort((np.arange(len(values)), -values))
        np.testing.assert_array_equal(columns[rows == row], order[np.isfinite(values[order])][:k])
