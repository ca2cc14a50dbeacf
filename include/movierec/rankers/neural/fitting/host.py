"""`python -m movierec.rankers.neural.fitting.host SOCKET`: import TensorFlow once for all tasks of a night.

Whoever connects is served as `python -m movierec.rankers.neural.fitting` serves whoever starts it, by a process forked
for the connection. The program goes to the background as soon as it can be connected to, and ends when nobody has been
connected for `IDLE_SECONDS` seconds.
"""

import os
import select
import socket
import sys
import time
from pathlib import Path

IDLE_SECONDS = 60.0
POLL_SECONDS = 0.2
STANDARD_STREAMS = (0, 1, 2)


def host(path: str) -> None:
    """Listen on a Unix socket; return in the process that started, and at the end in the one in the background."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        if os.fork():
            return
        os.setsid()
        # What starts this may wait until its output is closed.
        _redirect(os.open(os.devnull, os.O_RDWR))
        from movierec.rankers.neural.fitting.__main__ import serve  # noqa: PLC0415 (takes seconds)

        connections: set[int] = set()
        used = time.monotonic()
        while connections or time.monotonic() - used < IDLE_SECONDS:
            connections = {child for child in connections if os.waitpid(child, os.WNOHANG)[0] == 0}
            if select.select([listener], [], [], POLL_SECONDS)[0]:
                connection, _ = listener.accept()
                child = os.fork()
                if child == 0:
                    listener.close()
                    _redirect(connection.detach())
                    serve()
                    os._exit(0)
                connection.close()
                connections.add(child)
            if connections:
                used = time.monotonic()
        Path(path).unlink(missing_ok=True)


def _redirect(descriptor: int) -> None:
    for standard in STANDARD_STREAMS:
        os.dup2(descriptor, standard)
    os.close(descriptor)


if __name__ == "__main__":
    host(sys.argv[1])
