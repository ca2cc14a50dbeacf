"""Clients that keep their connection and send one GET after the other, as cheaply as Python can, and take the time.

They run in a process of their own. A library's client costs more than the server that it asks, and would be what is
measured.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from movierec.bench.web.pages import percentile

HOST = "127.0.0.1"
RETRY_SECONDS = 0.1


@dataclass
class Result:
    """Latencies in seconds, and what went wrong even at the second try."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    retries: int = 0

    def percentile(self, percent: float) -> float:
        """Return a percentile of the latencies, in milliseconds."""
        return 1000 * percentile(self.seconds, percent)


class Client:
    """One connection that is kept."""

    def __init__(self, port: int, headers: str) -> None:
        """Ask the server on this port, with these headers (lines that end in CRLF)."""
        self.port, self.headers = port, headers
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> int:
        """Send a GET and return the status once the whole answer is there.

        Raises:
            OSError: the connection broke.
        """
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self.port)
        reader, writer = self._streams
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{self.headers}\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length: ")[2].split(b"\r", 1)[0] or 0)
            await reader.readexactly(length)
            if b"connection: close" in head:
                self.close()
            return int(head[9:12])
        except (OSError, EOFError) as error:
            self.close()
            raise ConnectionError(str(error)) from error

    def close(self) -> None:
        """Give the connection up; the next request makes another."""
        if self._streams:
            self._streams[1].close()
        self._streams = None


def saturate(port: int, headers: str, paths: Sequence[str], clients: int, seconds: float) -> Result:
    """Let clients send requests one after the other for so long; the first tenth warms up and is not counted."""
    result = Result()
    started = time.perf_counter()

    async def work(number: int) -> None:
        client = Client(port, headers)
        turn = number
        while (sent := time.perf_counter()) < started + seconds:
            status = await client.get(paths[turn % len(paths)])
            turn += clients
            if sent > started + seconds / 10:
                result.seconds.append(time.perf_counter() - sent)
            if status != 200:  # noqa: PLR2004
                result.errors.append(f"status {status}")
        client.close()

    _run(work, clients)
    return result


def steady(
    port: int, headers: str, paths: Sequence[str], per_second: float, seconds: float, clients: int = 32
) -> Result:
    """Send requests at a steady rate, each tried once more where it fails; latencies count from when each was due."""
    result = Result()
    started = time.perf_counter()
    due: Iterator[int] = iter(range(int(per_second * seconds)))

    async def work(_: int) -> None:
        client = Client(port, headers)
        for number in due:
            moment = started + number / per_second
            await asyncio.sleep(max(0, moment - time.perf_counter()))
            if problem := await _try(client, paths[number % len(paths)]):
                result.retries += 1
                await asyncio.sleep(RETRY_SECONDS)
                if problem := await _try(client, paths[number % len(paths)]):
                    result.errors.append(problem)
            result.seconds.append(time.perf_counter() - moment)
        client.close()

    _run(work, clients)
    return result


async def _try(client: Client, path: str) -> str:
    """Return what went wrong, empty for nothing."""
    try:
        status = await client.get(path)
    except OSError as error:
        return str(error) or type(error).__name__
    return "" if status == 200 else f"status {status}"  # noqa: PLR2004


def _run(work: Callable[[int], object], clients: int) -> None:
    async def all_clients() -> None:
        await asyncio.gather(*(work(number) for number in range(clients)))  # type: ignore[call-overload]

    asyncio.run(all_clients())
