"""One file over HTTP, in as many attempts as it takes: resumes, waits when told to, gives up in the end.

Ranges and their conditions: https://www.rfc-editor.org/rfc/rfc9110#name-range-requests
"""

import base64
import http.client
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
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from movierec.errors import SourceError
from movierec.scratch import NO_ROOM
from movierec.sources.http.addresses import printable_url
from movierec.sources.http.part_file import FileVersion, PartFile
from movierec.sources.http.redirects import Redirects

BLOCK_BYTES = 1 << 20
RETRY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
_GONE_STATUSES = (404, 410)
_MAX_WAIT_SECONDS = 60.0


class UnreachableError(SourceError):
    """The server does not answer, or not usefully, in any of the attempts."""


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


class Transfer:
    """Brings one URL into a part file."""

    def __init__(self, url: str, part: Path, retry_policy: RetryPolicy) -> None:
        """Bring `url` into the file `part`."""
        self._url = url
        self._part = PartFile(part)
        self._retry_policy = retry_policy
        self._opener = OpenerDirector()  # the usual handlers, save those for files and FTP
        for handler in (ProxyHandler, HTTPHandler, HTTPSHandler, UnknownHandler):
            self._opener.add_handler(handler())
        self._opener.add_handler(Redirects(url))
        self._opener.add_handler(HTTPErrorProcessor())
        self._opener.add_handler(HTTPDefaultErrorHandler())

    def run(self, known: FileVersion) -> FileVersion | None:
        """Complete the part file and return its version, or None where the known version is still the server's.

        Raises:
            UnreachableError: the attempts are used up.
            GoneError: there is no such file.
            SourceError: the server refuses, or sends us to where we must not go.
        """
        failures = 0
        while True:
            before = self._part.size()
            try:
                return self._attempt(known)
            except HTTPError as error:
                error.close()
                if error.code == http.client.NOT_MODIFIED:
                    return None
                wait, reason = self._wait_or_raise(error)
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, OSError) and error.errno in NO_ROOM:  # what nobody else can mend
                    raise
                wait, reason = None, str(getattr(error, "reason", error)) or type(error).__name__
            failures = 1 if self._part.size() > before else failures + 1
            if failures >= self._retry_policy.attempts:
                raise UnreachableError(f"{printable_url(self._url)} could not be fetched: {reason}")
            time.sleep(wait if wait is not None else self._retry_policy.pause_seconds * 2 ** (failures - 1))

    def _attempt(self, known: FileVersion) -> FileVersion:
        with self._opener.open(self._request(known), timeout=self._retry_policy.timeout_seconds) as answer:
            head: Message = answer.headers
            is_rest = answer.status == http.client.PARTIAL_CONTENT
            start, total = _extent(head, is_rest)
            version = FileVersion(head.get("ETag"), head.get("Last-Modified"))
            if is_rest and (start != self._part.size() or self._part.validator() not in vars(version).values()):
                self._part.remove()
                raise http.client.HTTPException("the answer goes on with something else than what is there")
            self._part.note(version)
            with self._part.path.open("ab" if is_rest else "wb") as file:
                while data := answer.read(BLOCK_BYTES):
                    file.write(data)
        if total is not None and self._part.size() != total:
            if self._part.size() > total:  # longer than the file can be
                self._part.remove()
            raise http.client.HTTPException(f"the answer broke off after {self._part.size():,} of {total:,} bytes")
        self._part.complete()
        return version

    def _request(self, known: FileVersion) -> Request:
        parts = urlsplit(self._url)
        path = quote(parts.path, safe="/%:@!$&'()*+,;=~")
        plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], path=path))
        request = Request(plain, headers={"Accept-Encoding": "identity", "User-Agent": "movierec"})  # noqa: S310
        if parts.username is not None:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            request.add_unredirected_header("Authorization", "Basic " + base64.b64encode(login).decode())
        validator = self._part.validator()
        if validator and self._part.size():
            request.add_header("Range", f"bytes={self._part.size()}-")
            request.add_header("If-Range", validator)
        elif known.etag:
            request.add_header("If-None-Match", known.etag)
        elif known.modified:
            request.add_header("If-Modified-Since", known.modified)
        return request

    def _wait_or_raise(self, error: HTTPError) -> tuple[float | None, str]:
        reason = f"the server answers {error.code} {error.reason}"
        if error.code in _GONE_STATUSES:
            raise GoneError(f"{printable_url(self._url)} is not there: {reason}") from error
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE and self._part.size():
            self._part.remove()
        elif error.code not in RETRY_STATUSES:
            raise SourceError(f"{printable_url(self._url)} could not be fetched: {reason}") from error
        after = error.headers.get("Retry-After", "")
        return (min(float(after), _MAX_WAIT_SECONDS) if after.isdecimal() else None), reason


def _extent(head: Message, is_rest: bool) -> tuple[int, int | None]:
    """Return the first byte of an answer and the size of the whole file, where the server tells it."""
    if is_rest:
        extent = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", head.get("Content-Range", "").strip())
        if not extent:
            return -1, None
        return int(extent[1]), None if extent[2] == "*" else int(extent[2])
    length = head.get("Content-Length", "")
    return 0, int(length) if length.isdecimal() else None
