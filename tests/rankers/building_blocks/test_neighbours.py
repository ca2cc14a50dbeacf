import numpy as np
import pytest
from scipy import sparse

from movierec.rankers.building_blocks.neighbours import NO_COLUMN, cosine, largest_products, nearest_rows, row_norms

THREE = sparse.csr_matrix([[1, 1, 0], [1, 1, 1], [0, 0, 1]], dtype=np.float32)


def random(seed: int, rows: int = 60, columns: int = 40) -> sparse.csr_matrix:
    return sparse.random(rows, columns, 0.2, format="csr", dtype=np.float32, random_state=seed)


def test_cosine_is_the_overlap_over_both_lengths() -> None:
    expected = [[1, 2 / np.sqrt(2 * 3), 0], [2 / np.sqrt(2 * 3), 1, 1 / np.sqrt(3)], [0, 1 / np.sqrt(3), 1]]
    np.testing.assert_allclose(cosine(THREE, THREE, 0), expected, rtol=1e-6)


def test_shrinkage_is_added_to_the_lengths() -> None:
    X = sparse.csr_matrix([[1, 1], [1, 1]], dtype=np.float32)
    np.testing.assert_allclose(cosine(X, X, 3)[0, 1], 2 / (2 + 3))
    np.testing.assert_allclose(nearest_rows(X, 1, 3).toarray(), [[0, 2 / (2 + 3)], [2 / (2 + 3), 0]], rtol=1e-6)


def test_nobody_is_their_own_neighbour() -> None:
    expected = [[0, 2 / np.sqrt(2 * 3), 0], [2 / np.sqrt(2 * 3), 0, 0], [0, 1 / np.sqrt(3), 0]]
    np.testing.assert_allclose(nearest_rows(THREE, 1, 0).toarray(), expected, rtol=1e-6)


def test_nearest_are_the_largest_of_all_cosines() -> None:
    X = random(1)
    similarity = cosine(X, X, 2)
    np.fill_diagonal(similarity, 0)
    smallest_kept = np.sort(similarity, axis=1)[:, -7, None]
    np.testing.assert_allclose(nearest_rows(X, 7, 2).toarray(), similarity * (similarity >= smallest_kept), rtol=1e-5)


def test_of_equal_neighbours_the_first_are_kept() -> None:
    alike = sparse.csr_matrix(np.ones((5, 2), np.float32))
    assert nearest_rows(alike, 2, 0).indices.reshape(5, 2).tolist() == [[1, 2], [0, 2], [0, 1], [0, 1], [0, 1]]


def test_rows_without_anything_in_common_have_no_neighbours() -> None:
    assert nearest_rows(sparse.csr_matrix(np.eye(4, dtype=np.float32)), 3, 0).nnz == 0


def test_one_row_has_no_neighbour() -> None:
    assert nearest_rows(THREE[:1], 5, 1).shape == (1, 1)
    assert nearest_rows(THREE[:1], 5, 1).nnz == 0


def test_only_the_own_column_is_left_out() -> None:
    ones = np.ones(3, np.float32)
    kept = largest_products(
        THREE, sparse.csr_matrix(np.eye(3, dtype=np.float32)), ones, ones, k=3, excluded=np.array([0, NO_COLUMN, 2])
    )
    assert kept.toarray().tolist() == [[0, 1, 0], [1, 1, 1], [0, 0, 0]]


def test_lengths_are_euclidean() -> None:
    np.testing.assert_allclose(row_norms(THREE), np.sqrt([2, 3, 1]), rtol=1e-6)


@pytest.mark.parametrize("threads", ["1", "2", "5"])
def test_the_number_of_threads_changes_nothing(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = nearest_rows(random(2), 5, 1)
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    found = nearest_rows(random(2), 5, 1)
    assert (found.data.tobytes(), found.indices.tobytes()) == (expected.data.tobytes(), expected.indices.tobytes())
