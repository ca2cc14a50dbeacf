"""How the hot loops run: compiled by numba, their rows shared out to threads that live as long as one call.

The loops release the interpreter's lock and plain threads carry them. A pool of numba's own would outlive the call: it
ends the process when two threads use it at once or, over GNU OpenMP, in a child that was forked after its first use, as
Airflow's tasks are. Every row is computed by one thread alone, so results do not depend on the number of threads.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, NamedTuple

import numba
import numpy as np
from numba.core.caching import FunctionCache
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

THREADS = "OMP_NUM_THREADS"
BLOCKS_A_THREAD = 16  # rows differ in length; small blocks even that out
# Sums may be reordered, so that the processor adds eight or sixteen numbers at once; NaN and infinity stay themselves.
FAST = {"reassoc", "contract", "nsz"}

Kernel = Callable[..., None]


class SparseRows(NamedTuple):
    """A sparse matrix by rows, each array in the one type that the kernels are compiled for.

    Attributes:
        starts: of each row, where its entries start, and where the last one's end.
        columns: of the entries. They have no sign: numba then need not ask whether an index counts from the end.
        values: of the entries.
    """

    starts: NDArray[np.int64]
    columns: NDArray[np.uint32]
    values: NDArray[np.float32]


def compiled(function: Callable[..., Any]) -> Any:
    """Compile on the first call; the machine code is kept in `NUMBA_CACHE_DIR`, `__pycache__` or the user's cache.

    Where none of them can be written to, every process compiles for itself.
    """
    try:
        dispatcher = numba.njit(function, nogil=True, fastmath=FAST, error_model="numpy", cache=True)
        dispatcher._cache = _KernelCache(function)  # type: ignore[no-untyped-call]
    except RuntimeError:  # numba found no folder to write to
        return numba.njit(function, nogil=True, fastmath=FAST, error_model="numpy")
    return dispatcher


class _KernelCache(FunctionCache):
    """The machine code that is kept, except for what cannot be read because classes of arguments have moved since.

    numba reads these classes before it compares the source with the one that was compiled.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the machine code for arguments of these types; None: it has to be compiled."""
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except (ImportError, AttributeError):
            self.flush()  # type: ignore[no-untyped-call]
            return None


def cores() -> int:
    """Return how many threads to use: `OMP_NUM_THREADS`, which bounds BLAS too, else the cores this process may use."""
    threads = os.environ.get(THREADS, "")
    if threads.isdecimal() and int(threads) > 0:
        return int(threads)
    return available_cores()


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def all_cores() -> Iterator[None]:
    """Use every core that this process may use, for a task beside which nothing else runs.

    BLAS and OpenMP have read `OMP_NUM_THREADS` when they were loaded, so they are told.
    """
    before = os.environ.get(THREADS)
    available = available_cores()
    os.environ[THREADS] = str(available)
    try:
        with threadpool_limits(available):
            yield
    finally:
        if before is None:
            del os.environ[THREADS]
        else:
            os.environ[THREADS] = before


def over_rows(kernel: Kernel, rows: int, *arguments: Any) -> None:
    """Call `kernel(start, stop, *arguments)` until all rows are done; blocks of rows are shared out to threads."""
    threads = min(cores(), rows)
    if threads <= 1:
        kernel(0, rows, *arguments)
        return
    size = -(-rows // (threads * BLOCKS_A_THREAD))
    with ThreadPoolExecutor(threads) as pool:
        blocks = [pool.submit(kernel, start, min(start + size, rows), *arguments) for start in range(0, rows, size)]
    for block in blocks:
        block.result()


def sparse_rows(matrix: sparse.csr_matrix) -> SparseRows:
    """Return the entries of a sparse matrix as kernels take them; nothing is copied that has the right type."""
    return SparseRows(
        starts=matrix.indptr.astype(np.int64, copy=False),
        columns=matrix.indices.astype(np.int32, copy=False).view(np.uint32),
        values=matrix.data.astype(np.float32, copy=False),
    )
