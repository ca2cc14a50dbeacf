"""Servers of the standard library that run while a test lasts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from typing import TypeVar

Server = TypeVar("Server", bound=BaseServer)
POLL_SECONDS = 0.01  # after which a server that is told to end looks


@contextmanager
def serving(server: Server) -> Iterator[Server]:
    """Let a server answer in a thread of its own for the time of the block."""
    with server:
        threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
