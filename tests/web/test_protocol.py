"""What arrives before any route is asked: heads without end, bodies that stop, connections that say nothing."""

import logging
import os
import socket
import struct
import time

import pytest

from movierec.web.protocol import MAX_HEAD_BYTES, BoundedProtocol

from .conftest import WRITER, running, write_keys

GET = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /api/v1/newcomer HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + WRITER.encode() + b"\r\n"
PIECE = b"a" * 50_000


class Impatient(BoundedProtocol):
    request_seconds = 1.5

    def connection_made(self, transport):
        # answers are to wait in our memory, not in the system's
        with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        super().connection_made(transport)


@pytest.fixture(scope="module")
def impatient_site(site, tmp_path_factory):
    keys = write_keys(tmp_path_factory.mktemp("protocol") / "web.json")
    with running(site.conninfo, keys, Impatient, idle_seconds=1) as other:
        yield other


@pytest.fixture
def no_error(caplog):
    """Fail where the server logs an error, as it does with a traceback for what an answer could not be written to."""
    log = logging.getLogger("uvicorn.error")  # hands nothing on to the root, where pytest listens
    log.addHandler(caplog.handler)
    yield
    log.removeHandler(caplog.handler)
    assert [record.message for record in caplog.get_records("call") if record.levelno >= logging.ERROR] == []


def connect(site):
    host, _, port = site.url.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    connection.settimeout(10)
    return connection


def unread(site):
    """Return a connection whose client has hardly any room for answers that it does not read."""
    host, _, port = site.url.removeprefix("http://").partition(":")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.settimeout(10)
    connection.connect((host, int(port)))
    return connection


def received_from(connection):
    """Return all that comes until the server closes; a reset counts as a close."""
    received = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return received
        if not piece:
            return received
        received += piece


def answer_to(site, *pieces):
    with connect(site) as connection:
        for piece in pieces:
            connection.sendall(piece)
        return received_from(connection)


def statuses(received):
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]


def test_a_header_without_end_is_refused_before_it_is_put_together(site, no_error):
    begun = time.monotonic()
    with connect(site) as connection:
        connection.sendall(GET + b"X: ")
        with pytest.raises(OSError):
            for _ in range(1_000):
                connection.sendall(PIECE)
    assert time.monotonic() - begun < 10
    assert site.get("/health").status_code == 200


@pytest.mark.parametrize("lines", [b"X: " + PIECE + PIECE + b"\r\n", b"X: y\r\n" * 20_000], ids=["one", "many"])
def test_heads_are_bounded_whether_by_one_header_or_by_many(site, lines):
    assert statuses(answer_to(site, GET + lines)) in ([431], [])  # a reset may take the answer with it
    assert len(lines) > MAX_HEAD_BYTES


CHUNKED = POST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "begun", [CHUNKED + b"2\r\n{}\r\n0\r\nX: ", CHUNKED + b"2;x="], ids=["header after the body", "size of a chunk"]
)
@pytest.mark.parametrize("piece", [PIECE, b"a\r\nX: " * 10_000], ids=["one", "many"])
def test_what_frames_a_body_in_chunks_is_bounded_as_its_head_is(site, no_error, begun, piece):
    begun_at = time.monotonic()
    with connect(site) as connection:
        connection.sendall(begun)
        with pytest.raises(OSError):
            for _ in range(1_000):
                connection.sendall(piece)
    assert time.monotonic() - begun_at < 10
    assert site.get("/health").status_code == 200


def test_a_body_may_come_in_chunks_of_a_byte_with_headers_after_it(site):
    body = b'{"movies": [12], "limit": 3%s}' % (b" " * 30_000)
    sent = CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
    received = answer_to(site, sent, chunks, b"0\r\nAuthorization: Bearer wrong\r\nX: y\r\n\r\n")
    assert statuses(received) == [200]


def test_a_head_of_the_usual_size_is_read_whatever_pieces_it_comes_in(site):
    cookie = b"Cookie: " + b"a=b; " * 4_000 + b"\r\nConnection: close\r\n\r\n"
    assert statuses(answer_to(site, GET, cookie[:7], cookie[7:9_000], cookie[9_000:])) == [200]


@pytest.mark.parametrize(
    "begun",
    [
        GET + b"X: ",
        b"GET /",
        POST + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
        POST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n{",
    ],
    ids=["header", "request line", "body", "chunk"],
)
def test_a_request_that_is_not_complete_in_time_is_ended(impatient_site, begun, no_error):
    assert statuses(answer_to(impatient_site, begun)) == [408]
    assert impatient_site.get("/health").status_code == 200


def test_a_letter_now_and_then_does_not_put_off_the_end(impatient_site, no_error):
    begun = time.monotonic()
    with connect(impatient_site) as connection:
        connection.sendall(GET + b"X: ")
        with pytest.raises(OSError):
            while time.monotonic() - begun < 10:
                connection.sendall(b"a")
                time.sleep(0.1)
    assert time.monotonic() - begun < 8


def test_a_second_request_of_a_connection_has_as_much_time_as_the_first(impatient_site):
    with connect(impatient_site) as connection:
        for _ in range(4):
            connection.sendall(GET[:20])
            time.sleep(0.6)
            connection.sendall(GET[20:] + b"\r\n")
            assert statuses(connection.recv(65536)) == [200]


def test_a_request_that_was_answered_before_its_end_is_not_answered_again(impatient_site):
    too_large = POST + b"Content-Length: 9999999\r\n\r\n{"
    assert statuses(answer_to(impatient_site, too_large)) == [413]


def test_a_connection_that_says_nothing_is_closed(impatient_site):
    assert answer_to(impatient_site) == b""


@pytest.mark.parametrize("last", ["", "Connection: close\r\n"], ids=["kept", "closed"])
@pytest.mark.parametrize("requests", [1, 400])
def test_answers_that_nobody_reads_are_given_up(impatient_site, no_error, requests, last):
    asked = GET.replace(b"/health", b"/static/site.css") + b"Accept-Encoding: identity\r\n"
    sent = asked.join([b""] + [b"\r\n"] * (requests - 1)) + asked + last.encode() + b"\r\n"
    whole = len(impatient_site.get("/static/site.css", **{"accept-encoding": "identity"}).content)
    with unread(impatient_site) as connection:
        connection.sendall(sent)
        time.sleep(3 * Impatient.request_seconds)
        assert len(received_from(connection)) < requests * whole
    assert impatient_site.get("/health").status_code == 200


def test_an_answer_that_is_read_slowly_is_read_to_its_end(impatient_site):
    sent = GET.replace(b"/health", b"/static/site.css") + b"Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    whole = len(impatient_site.get("/static/site.css", **{"accept-encoding": "identity"}).content)
    received = b""
    with unread(impatient_site) as connection:
        connection.sendall(sent)
        while piece := connection.recv(2_000):
            received += piece
            time.sleep(0.02)
    assert len(received.partition(b"\r\n\r\n")[2]) == whole


def test_who_sends_many_requests_at_once_and_goes_away_leaves_no_traceback(site, no_error):
    for _ in range(5):
        with connect(site) as connection:
            connection.sendall((GET + b"\r\n") * 60)
            connection.recv(10)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # with a reset
    time.sleep(0.5)
    assert site.get("/health").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        POST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        POST + b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{x\r\n",
        b"POST /theme HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n\r\nxx",
        b"POST /theme HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
    ],
    ids=["size", "end", "encoding", "size of a form"],
)
def test_a_request_that_breaks_the_rules_is_refused_once_even_if_a_route_was_asked_already(site, sent, no_error):
    assert statuses(answer_to(site, sent)) == [400]
    assert site.get("/health").status_code == 200


def test_what_is_no_http_is_refused_on_a_connection_that_was_fine_before(site):
    with connect(site) as connection:
        connection.sendall(GET + b"\r\n")
        assert statuses(connection.recv(65536)) == [200]
        connection.sendall(b"\x16\x03\x01\x02\x00\r\n\r\n")
        assert statuses(received_from(connection)) == [400]


def test_a_request_that_names_two_hosts_is_nobodys(site):
    two = b"GET /welcome/ HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    received = answer_to(site, two)
    assert statuses(received) == [400]
    assert b"more than one host" in received
    assert b"\r\nlocation:" not in received.lower()


@pytest.mark.parametrize("asked", ["bytes=1-5", "bytes=x", "pages=9-", "bytes=99999999-", "bytes=5-1"])
def test_whoever_asks_for_a_part_is_given_the_whole(site, api, asked):
    for path in ("/static/site.css", "/static/site.js"):
        whole, part = site.get(path), site.get(path, range=asked)
        assert (part.status_code, part.content) == (200, whole.content)
        assert part.headers["accept-ranges"] == "none"
    answer = api.get("/api/v1/version", headers={"range": asked})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


def handshake(host, path="/health", protocol="websocket"):
    lines = (f"GET {path} HTTP/1.1", f"Host: {host}", "Connection: Upgrade", f"Upgrade: {protocol}")
    key = ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")
    return "\r\n".join((*lines, *key, "", "")).encode()


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 200), ("evil.example", 421)])
@pytest.mark.parametrize("protocol", ["websocket", "h2c"])
def test_a_request_for_another_protocol_passes_what_every_request_passes(site, no_error, host, status, protocol):
    for path in ("/health", "/static/site.js"):
        with connect(site) as connection:
            connection.sendall(handshake(host, path, protocol) + GET + b"\r\n")
            received = received_from(connection)  # the answer ends the connection, whatever else has come
        assert statuses(received) == [status]
        assert b"content-security-policy" in received
