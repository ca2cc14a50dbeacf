"""The machine that a benchmark runs on: what it is, and a process of its own for each measurement."""

import os
import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from typing import TypeVar

from movierec.kernels.parallel import available_cores

Result = TypeVar("Result")


def in_own_process(work: Callable[..., Result], *arguments: object) -> Result:
    """Call a function in a new process, so that its peak of memory is its own, and return what it returns."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def describe(software: Sequence[str]) -> str:
    """Say when and on what figures were measured, and with which `software` ("numpy 2.4")."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    parts = (
        f"{available_cores()} cores",
        f"{memory:.0f} GiB",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        *software,
    )
    return f"Measured on {datetime.now(UTC):%Y-%m-%d}: {', '.join(parts)}."


def with_version(package: str) -> str:
    """Return a package with its version, or that it is not installed."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} (none)"
