import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from movierec.errors import SourceError
from movierec.sources.events_api import EventsApi
from movierec.sources.source import Endpoint, Notes
from tests.http_servers import serving
from tests.sources.landing import InMemoryState, Landed, land

TOKEN = "t0ken-of-the-feed"  # noqa: S105 -- of a server that lives as long as the test
JSON = {"Content-Type": "application/json"}
LINES = {"Content-Type": "application/x-ndjson"}


def event(number: int, **changes: object) -> dict[str, object]:
    usual = {"user_id": 1, "movie_id": 2, "kind": "like", "created_at": "2024-01-01T00:00:00Z"}
    return {"event_id": f"e{number}", **usual, **changes}


@dataclass
class Feed:
    """A real server that answers with what the test has laid out, in order; the last answer stays."""

    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    port: int = 0
    delay: float = 0

    def answer_with(self, body: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append((status, {**JSON, "Content-Length": str(len(data)), **(headers or {})}, data))

    @property
    def source(self) -> EventsApi:
        endpoint = Endpoint("http", "127.0.0.1", self.port, password=TOKEN, database="v1/events?shop=7")
        return EventsApi(endpoint, limit=2, read_timeout=0.3, sleep=self.waited.append)


@pytest.fixture
def feed() -> Iterator[Feed]:
    feed = Feed()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            feed.asked.append({name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()})
            feed.tokens.append(self.headers.get("Authorization"))
            status, headers, data = feed.answers.pop(0) if len(feed.answers) > 1 else feed.answers[0]
            delay, feed.delay = feed.delay, 0
            time.sleep(delay)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    feed.port = server.server_address[1]
    with serving(server):
        yield feed


@pytest.fixture
def pull(feed: Feed, app: str) -> Callable[..., Landed]:
    state = InMemoryState()
    return lambda **options: land(app, replace(feed.source, **options), state)["feedback_event"]


def ids(landed: Landed) -> list[object]:
    return [row.get("event_id") for row in landed.rows]


def fail(feed: Feed) -> str:
    """Pull until the service is given up, and return the message."""
    (piece,) = feed.source.pieces(InMemoryState())
    with pytest.raises(ConnectionError) as caught:
        list(piece.read(Notes()))
    assert TOKEN not in str(caught.value)
    return str(caught.value)


def test_pages_are_followed_and_the_next_night_goes_on_from_the_last(feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with({"events": [event(1), event(2)], "next": "b"})
    feed.answer_with({"events": [event(3)], "next": None})
    feed.answer_with({"events": [event(3), event(4, value=4.0)], "next": None})
    first = pull()
    assert (ids(first), first.notes.watermark) == (["e1", "e2", "e3"], "b")
    second = pull()
    assert (ids(second), second.notes.watermark, second.rows[1]["value"]) == (["e3", "e4"], "b", "4.0")
    assert feed.asked == [
        {"shop": "7", "limit": "2"},
        {"shop": "7", "limit": "2", "after": "b"},
        {"shop": "7", "limit": "2", "after": "b"},
    ]
    assert set(feed.tokens) == {f"Bearer {TOKEN}"}
    assert (first.piece.name, first.piece.mode) == ("events", "changes")


def test_full_begins_at_the_first_event(feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with({"events": [event(1)], "next": "b"})
    feed.answer_with({"events": [], "next": "b"})
    assert pull().notes.watermark == "b"
    pull(is_full=True)
    assert "after" not in feed.asked[0]
    assert "after" not in feed.asked[2]


def test_lines_with_a_link_to_the_next_page(feed: Feed, pull: Callable[..., Landed]) -> None:
    lines = f"{json.dumps(event(1))}\r\nbroken\n".encode()
    feed.answer_with(lines, headers=LINES | {"Link": '</v1/events?after=b%2F2&limit=2>; rel="next"'})
    feed.answer_with(json.dumps(event(2)).encode(), headers=LINES)
    landed = pull()
    assert ids(landed) == ["e1", None, "e2"]
    assert landed.rows[1]["extra"] == {"line": "broken", "error": "not a JSON object"}
    assert (feed.asked[1]["after"], landed.notes.watermark) == ("b/2", "b/2")


def test_what_is_no_object_among_the_events_is_a_row(feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with({"events": [event(1), [1, 2.50], None]})
    assert [row.get("extra") for row in pull().rows] == [
        None,
        {"line": "[1, 2.5]", "error": "not a JSON object"},
        {"line": "null", "error": "not a JSON object"},
    ]


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_service_that_is_busy_is_tried_again(status: int, feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with(b"busy", status)
    feed.answer_with(b"busy", status)
    feed.answer_with({"events": [event(1)]})
    assert (ids(pull()), feed.waited) == (["e1"], [1.0, 2.0])


def test_the_service_may_say_when(feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with(b"", 429, {"Retry-After": "7"})
    feed.answer_with(b"", 503, {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)})
    feed.answer_with({"events": [event(1)]})
    assert ids(pull()) == ["e1"]
    assert feed.waited[0] == 7
    assert 80 < feed.waited[1] <= 90


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b'{"events": [', {"Content-Length": "999"}),
        (b'{"events": [{"event_id": "e1"', {}),
        (b'{"event_id": "e1"}\n{"event', LINES),
        (b"not gzip", {"Content-Encoding": "gzip"}),
    ],
    ids=["content length", "cut JSON", "cut line", "encoding"],
)
def test_an_answer_that_is_cut_off_is_requested_again(
    body: bytes, headers: dict[str, str], feed: Feed, pull: Callable[..., Landed]
) -> None:
    feed.answer_with(body, headers=headers)
    feed.answer_with({"events": [event(1), event(2)]})
    assert (ids(pull()), len(feed.waited)) == (["e1", "e2"], 1)


def test_a_slow_answer_is_requested_again(feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.delay = 1
    feed.answer_with({"events": [event(1)]})
    assert (ids(pull()), len(feed.asked)) == (["e1"], 2)


def test_a_service_that_stays_down_can_be_tried_another_time(feed: Feed) -> None:
    feed.answer_with(b"", 503)
    assert "no whole answer after 6 attempts; last seen: status 503" in fail(feed)
    assert feed.waited == [1, 2, 4, 8, 16]


def test_a_wait_beyond_the_budget_is_not_begun(feed: Feed) -> None:
    feed.answer_with(b"", 503, {"Retry-After": "100000"})
    assert "after 1 attempts; last seen: status 503" in fail(feed)
    assert feed.waited == []


def test_a_server_that_is_not_there_can_be_tried_another_time() -> None:
    source = EventsApi(Endpoint("http", "127.0.0.1", 1, password=TOKEN), sleep=lambda _: None)
    (piece,) = source.pieces(InMemoryState())
    with pytest.raises(ConnectionError, match=r"http://127\.0\.0\.1:1/: no whole answer .* ConnectError"):
        list(piece.read(Notes()))


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refusal_is_not_tried_again(status: int, feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with(b"no", status)
    with pytest.raises(SourceError, match=rf"http://127\.0\.0\.1:{feed.port}/v1/events: status {status}") as caught:
        pull()
    assert TOKEN not in str(caught.value)
    assert len(feed.asked) == 1


def test_a_cursor_that_comes_again_stops_the_source(feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with({"events": [event(1)], "next": "b"})
    with pytest.raises(SourceError, match="the cursor 'b' comes a second time"):
        pull()
    assert len(feed.asked) == 2


def test_the_token_does_not_follow_to_another_server(feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with(b"", 302, {"Location": f"http://localhost:{feed.port}/v1/events"})
    with pytest.raises(SourceError, match=f"redirects to http://localhost:{feed.port}; allowed: the same server"):
        pull()
    assert len(feed.asked) == 1


def test_another_place_on_the_same_server_is_fine(feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with(b"", 307, {"Location": "/v2/events?limit=2"})
    feed.answer_with({"events": [event(1)]})
    assert ids(pull()) == ["e1"]


def test_an_answer_of_another_form_is_described(feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with({"data": [], "total": 0})
    with pytest.raises(
        SourceError, match=r"is not a page of events; seen: data, total; allowed: events \(a list\) and next"
    ):
        pull()


def test_a_renamed_key_stops_the_source(feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with({"events": [{"event_id": 1, "customer": 2, "movie_id": 3, "kind": "like", "created_at": 4}]})
    with pytest.raises(SourceError, match="v1/events: column user_id is missing"):
        pull()


def test_an_empty_feed_has_no_rows(feed: Feed, pull: Callable[..., Landed]) -> None:
    feed.answer_with({"events": [], "next": None})
    landed = pull()
    assert (landed.rows, landed.notes.watermark) == ([], None)
