"""Locks between processes: files that no other user can open, let alone hold.

Standard library alone: set-up waits with them before anything is installed.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from movierec.errors import MovierecError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

log = logging.getLogger(__name__)

SILENT_SECONDS = 2.0
POLL_SECONDS = 0.1
TIMEOUT_SECONDS = 900.0


@contextmanager
def lock(path: Path, busy: str = "", timeout_seconds: float = TIMEOUT_SECONDS) -> Iterator[None]:
    """Hold an exclusive lock on the file `path`; whoever waits longer than a moment says for whom.

    Args:
        path: the lock file; it holds the pid of the process that has the lock.
        busy: the error to raise, with that pid, where another process has the lock; empty: wait for it.
        timeout_seconds: how long to wait at most.

    Raises:
        MovierecError: another process has the lock, and `busy` is not empty or the time is up.
    """
    descriptor, is_writable = _open(path)
    try:
        _acquire(descriptor, path, busy, timeout_seconds)
        if is_writable:
            _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> tuple[int, bool]:
    """Open a lock file, and tell whether it can be written: what runs has to be ended on a disk that failed, too."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        if error.errno != errno.EROFS or not path.exists():
            raise
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW), False
    os.fchmod(descriptor, 0o600)
    return descriptor, True


def _sign(descriptor: int) -> None:
    """Say in the file who has the lock. A full disk has no room for that; the lock holds nevertheless."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)


def _acquire(descriptor: int, path: Path, busy: str, timeout_seconds: float) -> None:
    started = time.monotonic()
    is_silent = True
    while not _try_to_lock(descriptor):
        if busy:
            raise MovierecError(f"{busy} ({_holder(path)})")
        waited = time.monotonic() - started
        if waited > timeout_seconds:
            raise MovierecError(
                f"{path} is still locked after {timeout_seconds:.0f} s by {_holder(path)}; wait for it or end it"
            )
        if is_silent and waited > SILENT_SECONDS:
            is_silent = False
            log.warning("waiting for %s, which has locked %s", _holder(path), path)
        time.sleep(POLL_SECONDS)


def _try_to_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(path: Path) -> str:
    try:
        pid = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):  # it was deleted meanwhile, or somebody has written something else there
        pid = ""
    return f"pid {pid if pid.isdecimal() else 'unknown'}"
