"""The process that fits for all tasks of an installation: found at its Unix socket, started where there is none."""

import os
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from movierec.config import MAX_SOCKET_PATH_BYTES
from movierec.locks import lock

FOLDER = "MOVIEREC_NEURAL_FOLDER"  # in the environment of Airflow's tasks: where the socket is
VERSION_DIGITS = 12
START_SECONDS = 60.0
PROGRAM = ("-m", "movierec.rankers.neural.fitting.host")


def socket_path(version: str) -> Path | None:
    """Return where the process that has this version of the code listens.

    None where nothing is shared (comparisons, tests) or the path is too long for a socket.
    """
    folder = os.environ.get(FOLDER)
    path = Path(folder or "") / f"neural-{version[:VERSION_DIGITS]}.sock"
    return path if folder and len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES else None


class Connection:
    """A connection to the process, used as one that was started for oneself (`subprocess.Popen`)."""

    def __init__(self, connected: socket.socket) -> None:
        """Read from it and write to it as text."""
        self._socket = connected
        self.stdin = connected.makefile("w", encoding="utf-8")
        self.stdout = connected.makefile("r", encoding="utf-8", errors="replace")
        self._is_ended = False

    def poll(self) -> int | None:
        """Return None as long as it has not been ended from here."""
        return 0 if self._is_ended else None

    def kill(self) -> None:
        """End the connection, at which the process ends the job that it may have."""
        self._is_ended = True
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def wait(self, timeout: float | None = None) -> int:
        """End the connection."""
        self.kill()
        self._socket.close()
        return 0


def connect(path: Path, python: str, environment: Mapping[str, str]) -> Connection:
    """Connect to the process that listens at a path, started first where none does.

    Args:
        path: of the socket.
        python: that has TensorFlow.
        environment: of the process, where it is started.

    Raises:
        OSError: it cannot be connected to or started.
    """
    try:
        return Connection(_connected(path))
    except (FileNotFoundError, ConnectionRefusedError):
        with lock(path.with_suffix(".lock")):
            try:
                return Connection(_connected(path))
            except ConnectionRefusedError:
                path.unlink()  # left behind by one that was killed
            except FileNotFoundError:
                pass
            started = subprocess.run(
                [python, *PROGRAM, str(path)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd=path.parent,
                umask=0o077,
                timeout=START_SECONDS,
                check=False,
            )
            if started.returncode:
                raise ConnectionError(f"{PROGRAM[-1]} ended with status {started.returncode}") from None
            return Connection(_connected(path))


def _connected(path: Path) -> socket.socket:
    connected = socket.socket(socket.AF_UNIX)
    try:
        connected.connect(str(path))
    except OSError:
        connected.close()
        raise
    return connected
