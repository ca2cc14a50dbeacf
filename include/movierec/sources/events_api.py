"""Feedback events over HTTP, page by page, from where the last night ended.

`GET <path>?after=<cursor>&limit=<n>` answers with one of

- `{"events": [{…}, …], "next": "<cursor>" or null}`,
- one JSON object per line (`Content-Type: application/x-ndjson`) and, where there is more, the header
  `Link: <…?after=<cursor>>; rel="next"`.

Without a cursor the feed begins at its first event. The cursor of the last page is the watermark: the next night asks
for that page again, with what has been added to it since. A token goes into `Authorization: Bearer`.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import httpx

from movierec.errors import SourceError
from movierec.sources.events import PIECE_NAME, Event, Pairs, event_chunks, from_value, parse, parse_line
from movierec.sources.http.pages import Budget, Pages
from movierec.sources.source import Chunk, Endpoint, Notes, Piece, SourceState
from movierec.sources.table_contracts import FEEDBACK_EVENT


@dataclass(frozen=True)
class EventsApi:
    """A feed of events behind a connection.

    Attributes:
        endpoint: host, path and token.
        is_full: read the feed from its first event.
        limit: events per page.
        budget: seconds for the whole pull, waiting included.
        read_timeout: seconds without a byte after which a page is requested again.
        sleep: waits between attempts.
    """

    endpoint: Endpoint
    is_full: bool = False
    limit: int = 1_000
    budget: float = 900
    read_timeout: float = 30
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def pieces(self, state: SourceState) -> Iterator[Piece]:
        """Yield one piece: everything after the watermark."""
        after = None if self.is_full else state.watermark(FEEDBACK_EVENT.table, PIECE_NAME)
        yield Piece(FEEDBACK_EVENT, PIECE_NAME, "changes", partial(self._read, after))

    @property
    def url(self) -> httpx.URL:
        """The feed's address, without secrets."""
        path = "/" + self.endpoint.database.lstrip("/")
        port = f":{self.endpoint.port}" if self.endpoint.port else ""
        return httpx.URL(f"{self.endpoint.kind}://{self.endpoint.host}{port}{path}")

    def _read(self, after: str | None, notes: Notes) -> Iterator[Chunk]:
        token = {"Authorization": f"Bearer {self.endpoint.password}"} if self.endpoint.password else {}
        timeout = httpx.Timeout(self.read_timeout, connect=10)
        with httpx.Client(headers=token, timeout=timeout) as client:
            pages = Pages(client, self.url, Budget(self.budget, self.sleep))
            yield from event_chunks(pages.where, self._events(pages, after, notes), notes)

    def _events(self, pages: Pages, cursor: str | None, notes: Notes) -> Iterator[Event]:
        requested: set[str | None] = set()
        while cursor not in requested:
            requested.add(cursor)
            notes.watermark = cursor
            start = {"after": cursor} if cursor is not None else {}
            events, following = pages.get(start | {"limit": str(self.limit)}, _page)
            yield from events
            # A feed may repeat the cursor of its end for as long as nothing is added.
            if following is None or (following == cursor and not events):
                return
            cursor = following
        raise SourceError(f"{pages.where}: the cursor {cursor!r} comes a second time; allowed: one that advances")


def _page(where: str, answer: httpx.Response) -> tuple[list[Event], str | None]:
    """Take an answer apart; ValueError where it is cut off."""
    if any(word in answer.headers.get("content-type", "") for word in ("ndjson", "jsonl", "json-seq")):
        return _lines(answer), _cursor_of_link(where, answer)
    body = parse(answer.content.decode("utf-8", "backslashreplace"))
    members = dict(body) if isinstance(body, Pairs) else {}
    events, following = members.get("events"), members.get("next")
    if not isinstance(events, list) or not isinstance(following, (str, type(None))):
        seen = ", ".join(members) or type(body).__name__
        raise SourceError(
            f"{where}: the answer is not a page of events; seen: {seen}; allowed: events (a list) and next"
        )
    return list(map(from_value, events)), following or None


def _lines(answer: httpx.Response) -> list[Event]:
    lines = answer.content.decode("utf-8", "backslashreplace").split("\n")
    last = lines.pop()
    if last.strip():
        parse(last)  # a line without an end may be half a line
        lines.append(last)
    return [parse_line(line.rstrip("\r")) for line in lines]


def _cursor_of_link(where: str, answer: httpx.Response) -> str | None:
    if "next" not in answer.links:
        return None
    address = answer.url.join(str(answer.links["next"]["url"]))
    if "after" not in address.params:
        raise SourceError(f"{where}: the link to the next page has no cursor; allowed: ?after=<cursor>")
    return str(address.params["after"])
