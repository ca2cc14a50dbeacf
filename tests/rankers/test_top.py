import numpy as np

from movierec.rankers.top import top_k


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
