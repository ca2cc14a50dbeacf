"""Answers that the database writes as JSON, with an ETag, and kept for as long as the ETag holds.

One statement makes an answer and the tag that goes with it, so that both are of one moment. Where an answer is kept,
the tag alone is asked for, which costs a fraction; where a client has the answer, it is told that nothing has changed.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Hashable
from functools import cache

from starlette.requests import Request
from starlette.responses import Response

from movierec.config import SQL
from movierec.web.batching import Batching
from movierec.web.database import Parameters, Row, Warehouse, question_key
from movierec.web.problems import ProblemError

MAX_KEPT = 5_000
MAX_KEPT_BYTES = 64_000  # of one answer
MAX_ALL_KEPT_BYTES = 100_000_000
MAX_AGE_SECONDS = 60.0  # what a night brings in from elsewhere changes no tag until it is published
BATCHED = {"etag", "recommendations_answer"}  # the statements that ask about several viewers
ETAGS = {"shelves": "shelves_etag"}  # the statements that make the tags of answers which depend on more
HEADERS = {"cache-control": "private, no-cache", "vary": "Authorization"}


class Answers:
    """Makes, keeps and revalidates answers."""

    def __init__(self, warehouse: Warehouse) -> None:
        """Ask this warehouse."""
        self._warehouse = warehouse
        self._batching = Batching(warehouse)
        self._kept: OrderedDict[Hashable, tuple[str, bytes, float]] = OrderedDict()
        self._kept_bytes = 0

    async def answer(
        self, request: Request, name: str, parameters: Parameters, viewer: int | None = None, missing: str = ""
    ) -> Response:
        """Return the answer that `include/sql/web/<name>_answer.sql` makes.

        Args:
            request: may carry If-None-Match.
            name: of the statement.
            parameters: of the statement.
            viewer: whose feedback changes the answer.
            missing: what the problem says where the statement finds nothing.

        Raises:
            ProblemError: nothing has been published yet, or the statement finds nothing.
        """
        key = question_key(name, parameters)
        known = request.headers.get("if-none-match", "")
        kept = self._kept.get(key)
        if kept or known:
            row = await self._row(ETAGS.get(name, "etag"), {"user_id": viewer})
            tag = _etag(name, row["etag"] if row else None)
            if kept and kept[0] == tag and time.monotonic() - kept[2] < MAX_AGE_SECONDS:
                return _respond(tag, kept[1], known)
            if _is_known(tag, known):
                return _respond(tag, b"", known)
        tag, body = await self.make(name, parameters, missing)
        self._keep(key, tag, body)
        return _respond(tag, body, known)

    async def make(self, name: str, parameters: Parameters, missing: str = "") -> tuple[str, bytes]:
        """Return a new answer and its tag.

        Raises:
            ProblemError: nothing has been published yet, or the statement finds nothing.
        """
        row = await self._row(f"{name}_answer", parameters)
        if row is None:
            raise NOTHING_PUBLISHED
        if row["body"] is None:
            raise ProblemError(404, missing)
        return _etag(name, row["etag"]), row["body"].encode()

    async def _row(self, name: str, parameters: Parameters) -> Row | None:
        source = self._batching if name in BATCHED else self._warehouse
        return await source.row(name, parameters)

    def _keep(self, key: Hashable, tag: str, body: bytes) -> None:
        self._forget(key)
        if len(body) <= MAX_KEPT_BYTES:
            self._kept[key] = (tag, body, time.monotonic())
            self._kept_bytes += len(body)
        while len(self._kept) > MAX_KEPT or self._kept_bytes > MAX_ALL_KEPT_BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: Hashable) -> None:
        if key in self._kept:
            self._kept_bytes -= len(self._kept.pop(key)[1])


NOTHING_PUBLISHED = ProblemError(
    503, "no lists have been published yet; the first night is still to come", {"retry-after": "60"}
)


def _respond(tag: str, body: bytes, known: str) -> Response:
    headers = {**HEADERS, "etag": tag}
    if _is_known(tag, known) or known.strip() == "*":
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def _is_known(tag: str, known: str) -> bool:
    """Tell whether If-None-Match names a tag; caches may have left out the mark of a weak one (RFC 9110, 13.1.2)."""
    return tag.removeprefix("W/") in known


def _etag(name: str, tag: str | None) -> str:
    if tag is None:
        raise NOTHING_PUBLISHED
    return f'W/"{tag}-{_format(name)}"'


@cache
def _format(name: str) -> str:
    """Return a digest of the statement: another format is another answer."""
    return hashlib.sha256((SQL / "web" / f"{name}_answer.sql").read_bytes()).hexdigest()[:6]
