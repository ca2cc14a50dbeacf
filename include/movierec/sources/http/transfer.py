"""One file over HTTP, again and again until it is whole: resumes, waits when told to, gives up in the end.

Ranges and their conditions: https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
"""

import base64
import http.client
import json
import re
import time
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from movierec.errors import SourceError

BLOCK_BYTES = 1 << 20
_RETRY_STATUSES = (408, 425, 429, 500, 502, 503, 504)
_GONE_STATUSES = (404, 410)
_MAX_WAIT_SECONDS = 60.0


class UnreachableError(SourceError):
    """The server does not answer, or not usefully, however often it is asked."""


class GoneError(SourceError):
    """The server answers that there is no such file."""


@dataclass(frozen=True)
class RetryPolicy:
    """How long to keep trying.

    Attributes:
        attempts: requests in a row that may bring nothing.
        pause_seconds: wait after the first of them; doubles each time.
        timeout_seconds: longest silence of a server.
    """

    attempts: int = 5
    pause_seconds: float = 1.0
    timeout_seconds: float = 60.0


@dataclass(frozen=True)
class Fetched:
    """How the server tells this version of the file from another."""

    etag: str | None
    modified: str | None


def printable_url(url: str) -> str:
    """Return a URL as it may be printed: without login and query, which can be secrets."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class Transfer:
    """Brings one URL into a part file."""

    def __init__(self, url: str, part: Path, retry_policy: RetryPolicy) -> None:
        """Bring `url` into `part`; a note of the version lies beside it."""
        self._url = url
        self._part = part
        self._note = part.with_name(part.name + ".json")
        self._patience = retry_policy
        self._opener = OpenerDirector()  # the usual handlers, save those for files and FTP
        for handler in (ProxyHandler, HTTPHandler, HTTPSHandler, HTTPRedirectHandler, UnknownHandler):
            self._opener.add_handler(handler())
        self._opener.add_handler(HTTPErrorProcessor())
        self._opener.add_handler(HTTPDefaultErrorHandler())

    def run(self, etag: str | None, modified: str | None) -> Fetched | None:
        """Complete the part file; None means that the version named by the arguments is still the server's.

        Raises:
            UnreachableError: the attempts are used up.
            GoneError: there is no such file.
            SourceError: the server refuses.
        """
        failures = 0
        while True:
            before = self._size()
            try:
                return self._attempt(etag, modified)
            except HTTPError as error:
                error.close()
                if error.code == http.client.NOT_MODIFIED:
                    return None
                wait, reason = self._wait_or_raise(error)
            except (OSError, http.client.HTTPException) as error:
                wait, reason = None, str(getattr(error, "reason", error)) or type(error).__name__
            failures = 1 if self._size() > before else failures + 1
            if failures >= self._patience.attempts:
                raise UnreachableError(f"{printable_url(self._url)} could not be fetched: {reason}")
            time.sleep(wait if wait is not None else self._patience.pause_seconds * 2 ** (failures - 1))

    def _attempt(self, etag: str | None, modified: str | None) -> Fetched:
        with self._opener.open(self._request(etag, modified), timeout=self._patience.timeout_seconds) as answer:
            head: Message = answer.headers
            is_rest = answer.status == http.client.PARTIAL_CONTENT
            start, total = _extent(head, is_rest)
            found = Fetched(head.get("ETag"), head.get("Last-Modified"))
            if is_rest and (start != self._size() or self._validator() not in (found.etag, found.modified)):
                self._forget()
                raise http.client.HTTPException("the answer goes on with something else than what is there")
            self._note.write_text(json.dumps([found.etag or "", found.modified or ""]), encoding="utf-8")
            with self._part.open("ab" if is_rest else "wb") as file:
                while data := answer.read(BLOCK_BYTES):
                    file.write(data)
        if total is not None and self._size() != total:
            self._shorten(total)
            raise http.client.HTTPException(f"the answer broke off after {self._size():,} of {total:,} bytes")
        self._note.unlink()
        return found

    def _request(self, etag: str | None, modified: str | None) -> Request:
        parts = urlsplit(self._url)
        path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
        plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path))
        request = Request(plain, headers={"Accept-Encoding": "identity", "User-Agent": "movierec"})  # noqa: S310
        if parts.username is not None:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(login).decode())
        validator = self._validator()
        if validator and self._size():
            request.add_header("Range", f"bytes={self._size()}-")
            request.add_header("If-Range", validator)
        elif etag:
            request.add_header("If-None-Match", etag)
        elif modified:
            request.add_header("If-Modified-Since", modified)
        return request

    def _validator(self) -> str | None:
        """Return what the beginning in the part file is a beginning of, if the server can tell."""
        try:
            etag, modified = map(str, json.loads(self._note.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None
        return (modified if not etag or etag.startswith("W/") else etag) or None

    def _wait_or_raise(self, error: HTTPError) -> tuple[float | None, str]:
        reason = f"the server answers {error.code} {error.reason}"
        if error.code in _GONE_STATUSES:
            raise GoneError(f"{printable_url(self._url)} is not there: {reason}") from error
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and self._size():
            self._forget()
        elif error.code not in _RETRY_STATUSES:
            raise SourceError(f"{printable_url(self._url)} could not be fetched: {reason}") from error
        after = error.headers.get("Retry-After", "")
        return (min(float(after), _MAX_WAIT_SECONDS) if after.isdecimal() else None), reason

    def _shorten(self, total: int) -> None:
        """Drop a part file that is longer than the file can be."""
        if self._size() > total:
            self._forget()

    def _forget(self) -> None:
        self._part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0


def _extent(head: Message, is_rest: bool) -> tuple[int, int | None]:
    """Return the first byte of an answer and the size of the whole file, where the server tells it."""
    if is_rest:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", head.get("Content-Range", "").strip())
        if not found:
            return -1, None
        return int(found[1]), None if found[2] == "*" else int(found[2])
    length = head.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None
