"""The compiled loops give what plain numpy gives, on any number of threads, in any process."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from threadpoolctl import threadpool_info, threadpool_limits

from movierec.kernels.matrix import mirror, product, products, upper_gram
from movierec.kernels.parallel import all_cores, compiled, cores, over_rows

# A parent that has used its threads forks, as Airflow does for a task; child and parent compute again.
FORK = """
import os
import numpy as np
from scipy import sparse
from movierec.kernels.matrix import product, upper_gram

X = sparse.random(300, 50, 0.2, format="csr", dtype=np.float32, random_state=1)
before = upper_gram(X)
child = os.fork()
same = (upper_gram(X) == before).all() and np.allclose(product(X, before), X @ before, rtol=1e-4)
if child == 0:
    os._exit(0 if same else 3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert same
"""


def random(rows: int = 200, columns: int = 150, density: float = 0.1) -> sparse.csr_matrix:
    return sparse.random(rows, columns, density, format="csr", dtype=np.float32, random_state=7)


@pytest.mark.parametrize("density", [0.02, 0.12, 0.6])  # few, some and all rows are long
def test_the_upper_gram_is_that_of_numpy(density: float) -> None:
    X = random(density=density)
    dense = X.toarray().astype(np.float64)
    np.testing.assert_allclose(np.triu(upper_gram(X)), np.triu(dense.T @ dense), rtol=1e-4, atol=1e-6)


def test_nothing_is_left_below_the_diagonal_of_the_upper_gram() -> None:
    assert not np.tril(upper_gram(random(density=0.6)), -1).any()


def test_a_mirrored_matrix_is_symmetric() -> None:
    upper = upper_gram(random())
    G = upper.copy()
    mirror(G)
    np.testing.assert_array_equal(G, upper + np.triu(upper, 1).T)


def test_products_of_one_structure_are_those_of_each_alone() -> None:
    left, right = random(), random(150, 80).toarray()
    halved = left.copy()
    halved.data = left.data / 2
    both = products([left, halved], right)
    np.testing.assert_allclose(both[0], left.toarray() @ right, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(both[1], halved.toarray() @ right, rtol=1e-4, atol=1e-6)


def test_products_are_those_of_numpy() -> None:
    left, right = random(), random(150, 80)
    expected = left.toarray() @ right.toarray()
    np.testing.assert_allclose(product(left, right), expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(product(left, right.toarray()), expected, rtol=1e-4, atol=1e-6)


def test_rows_without_entries_become_zero() -> None:
    empty = sparse.csr_matrix((3, 4), dtype=np.float32)
    assert not product(empty, np.ones((4, 2), np.float32)).any()


def test_every_row_is_done_once() -> None:
    done = np.zeros(1000, np.int64)

    def kernel(start: int, stop: int, counts: np.ndarray) -> None:
        counts[start:stop] += 1

    over_rows(kernel, 1000, done)
    assert (done == 1).all()


def test_trouble_in_a_thread_comes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")

    def kernel(start: int, stop: int) -> None:
        raise ValueError("no such row")

    with pytest.raises(ValueError, match="no such row"):
        over_rows(kernel, 10)


def test_the_environment_bounds_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert cores() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert cores() >= 1


@pytest.mark.parametrize("threads", ["1", "2", "7"])
def test_the_number_of_threads_changes_nothing(threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = upper_gram(random(density=0.05)), product(random(), random(150, 80))
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    np.testing.assert_array_equal(upper_gram(random(density=0.05)), expected[0])
    np.testing.assert_array_equal(product(random(), random(150, 80)), expected[1])


def test_several_threads_may_compute_at_once() -> None:
    expected = product(random(), random(150, 80))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: product(random(), random(150, 80)), range(8)))
    assert all((one == expected).all() for one in found)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_computes_as_its_parent_does() -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], env=environment, timeout=120, check=False)
    assert done.returncode == 0


TWICE = """
from movierec.kernels.parallel import compiled

@compiled
def twice(x):
    return 2 * x

assert twice(4) == 8
"""


@pytest.mark.parametrize("place", ["code", ""])
def test_machine_code_is_kept_where_it_is_told_or_beside_the_module(tmp_path: Path, place: str) -> None:
    (tmp_path / "twice.py").write_text(TWICE, encoding="utf-8")
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / place) if place else ""}
    subprocess.run([sys.executable, "twice.py"], cwd=tmp_path, env=environment, timeout=120, check=True)
    assert list((tmp_path / (place or "__pycache__")).rglob("*.nbi"))


def test_a_place_where_nothing_can_be_kept_is_no_trouble() -> None:
    namespace: dict[str, Any] = {"compiled": compiled}
    exec("@compiled\ndef twice(x):\n    return 2 * x", namespace)  # noqa: S102 - a function without a file
    assert namespace["twice"](4) == 8


def test_what_runs_alone_gets_every_core_and_gives_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    available = len(os.sched_getaffinity(0))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with threadpool_limits(1):
        with all_cores():
            assert cores() == available
            assert {pool["num_threads"] for pool in threadpool_info()} == {available}
        assert cores() == 1
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}


def test_where_nothing_was_said_about_threads_nothing_is_said_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with all_cores():
        pass
    assert "OMP_NUM_THREADS" not in os.environ


LOOP = """
from movierec.kernels.parallel import compiled

@compiled
def difference(pair):
    return pair.left - pair.right
"""
PAIR = """
from typing import NamedTuple

class Pair(NamedTuple):
    left: float
    right: float
"""


def test_machine_code_of_before_a_class_moved_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "loop.py").write_text(LOOP)
    (tmp_path / "old_place.py").write_text(PAIR)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}

    def difference_of_pair_in(module: str) -> str:
        program = f"import {module}, loop; print(loop.difference({module}.Pair(3.0, 1.0)))"
        result = subprocess.run(
            (sys.executable, "-c", program), env=environment, capture_output=True, text=True, check=False
        )
        return result.stdout or result.stderr

    assert difference_of_pair_in("old_place") == "2.0\n"
    kept = set((tmp_path / "cache").rglob("*.nbc"))
    assert kept
    (tmp_path / "old_place.py").rename(tmp_path / "new_place.py")
    assert difference_of_pair_in("new_place") == "2.0\n"
    assert difference_of_pair_in("new_place") == "2.0\n"  # and is kept from now on
