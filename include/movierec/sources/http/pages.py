"""The pages of a web service, one after another, each requested again while that can help."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx

from movierec.errors import SourceError
from movierec.sources.http.transfer import RETRY_STATUSES

MAX_ATTEMPTS = 6
MAX_PAUSE_SECONDS = 60.0  # between two attempts, unless the server wants more
MAX_PAGE_SECONDS = 120.0  # for a page, however steadily it drips
Page = TypeVar("Page")


class ServiceUnavailableError(ConnectionError):
    """The service did not give a whole answer in time; a later attempt may succeed."""


class _RetryableError(Exception):
    """An answer that is worth another attempt, and when."""

    def __init__(self, seen: str, wait: float = 0) -> None:
        super().__init__(seen)
        self.wait = wait


@dataclass
class Budget:
    """The time that everything together may take, waiting included."""

    seconds: float
    sleep: Callable[[float], None]
    began: float = field(default_factory=time.monotonic)
    slept: float = 0.0

    def wait(self, seconds: float) -> bool:
        """Wait, or tell that there is no time left for it; a test's sleep takes none, so it is counted."""
        used = max(time.monotonic() - self.began, self.slept)
        if used + seconds > self.seconds:
            return False
        self.slept += seconds
        self.sleep(seconds)
        return True


@dataclass(frozen=True)
class Pages:
    """A service at one address."""

    client: httpx.Client
    url: httpx.URL
    budget: Budget

    @property
    def where(self) -> str:
        """The address without anything that could be secret."""
        return str(self.url.copy_with(query=None, userinfo=b""))

    def get(self, parameters: Mapping[str, str], read: Callable[[str, httpx.Response], Page]) -> Page:
        """Return a page that has arrived whole.

        Raises:
            SourceError: the service refuses, or sends the client elsewhere.
            ServiceUnavailableError: every attempt failed, or the time is up.
        """
        address, seen = self.url.copy_merge_params(dict(parameters)), ""
        for attempt in range(MAX_ATTEMPTS):
            try:
                return read(self.where, self._answer(address))
            except _RetryableError as error:
                seen, wait = str(error), error.wait
            except (httpx.TransportError, httpx.DecodingError, ValueError) as error:
                seen, wait = f"{type(error).__name__}: {error}", 0.0
            if attempt + 1 < MAX_ATTEMPTS and not self.budget.wait(max(wait, min(MAX_PAUSE_SECONDS, 2.0**attempt))):
                break
        raise ServiceUnavailableError(f"{self.where}: no whole answer after {attempt + 1} attempts; last seen: {seen}")

    def _answer(self, address: httpx.URL, hops: int = 3) -> httpx.Response:
        with self.client.stream("GET", address) as answer:
            if answer.has_redirect_location and hops:
                return self._answer(self._redirect(answer), hops - 1)
            if answer.status_code in RETRY_STATUSES:
                raise _RetryableError(f"status {answer.status_code}", _retry_after(answer))
            if answer.status_code != httpx.codes.OK:
                raise SourceError(f"{self.where}: status {answer.status_code} {answer.reason_phrase}; allowed: 200")
            deadline = time.monotonic() + MAX_PAGE_SECONDS
            body = bytearray()
            for part in answer.iter_bytes():
                body += part
                if time.monotonic() > deadline:
                    raise _RetryableError(f"a page that takes longer than {MAX_PAGE_SECONDS:.0f} s")
            headers = {key: value for key, value in answer.headers.items() if key in ("content-type", "link")}
            return httpx.Response(200, headers=headers, content=bytes(body), request=answer.request)

    def _redirect(self, answer: httpx.Response) -> httpx.URL:
        """Return where to go on; the token is for this server alone."""
        target = answer.url.join(answer.headers["location"])
        if (target.scheme, target.host, target.port) != (self.url.scheme, self.url.host, self.url.port):
            there = f"{target.scheme}://{target.netloc.decode()}"
            raise SourceError(f"{self.where}: redirects to {there}; allowed: the same server")
        return target


def _retry_after(answer: httpx.Response) -> float:
    """Return the seconds that the server wants: a number or a date."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return 0.0
