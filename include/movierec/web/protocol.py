"""HTTP/1.1 as uvicorn speaks it, with bounds on how large a request's head is, and how slow a client sends and reads.

Without them one client that sends a header without end, or a letter a minute, or that reads no answer, holds a
connection for good, and a header of megabytes keeps everybody waiting while it is put together.
"""

import asyncio

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

MAX_HEAD_BYTES = 64_000  # of the request line and the headers together
FRAME = 8  # bytes between those of a body in chunks, for each of them: a chunk of one byte has five
REQUEST_SECONDS = 60.0  # from the first byte of a request to the last one of its body; that an answer waits to be read


class BoundedProtocol(HttpToolsProtocol):
    """Ends connections whose request is too large before its body, is not complete in time, or has its answer unread.

    Attributes:
        request_seconds: how long a request may take to arrive, and how long an answer may wait to be read.
    """

    request_seconds = REQUEST_SECONDS
    _is_arriving = _is_head = False
    _head_bytes = _body_bytes = _frame_bytes = 0
    _timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin; a connection without a request is kept as long as one between two requests."""
        super().connection_made(transport)
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; an answer that is under way, which need not be that of the latest request, is sent nowhere any more."""
        self._stop_timer()
        self._stop_unread_timer()
        self._disconnect(self._answering)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Wait until more of the answers is read, but not for good."""
        super().pause_writing()
        self._start_unread_timer()

    def resume_writing(self) -> None:
        """Go on, since the client reads."""
        self._stop_unread_timer()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """Go on to the next request; where the connection ends here, its end does not wait for good, either."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._start_unread_timer()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that says nothing, also one that has left an answer unread."""
        super().timeout_keep_alive_handler()
        self._start_unread_timer()

    def data_received(self, data: bytes) -> None:
        """Read what has come, in pieces that show how large a head grows."""
        for start in range(0, len(data), MAX_HEAD_BYTES):
            piece, body_bytes = data[start : start + MAX_HEAD_BYTES], self._body_bytes
            super().data_received(piece)
            if self.transport.is_closing():
                return
            if self._is_head:
                self._head_bytes += len(piece)
            elif self._is_arriving:
                self._frame_bytes += len(piece) - max(0, self._body_bytes - body_bytes)
            if self._head_bytes > MAX_HEAD_BYTES or self._frame_bytes > MAX_HEAD_BYTES + FRAME * self._body_bytes:
                self._refuse(b"431 Request Header Fields Too Large", b"the headers are longer than 64,000 bytes")
                return
        if self._is_arriving and self._timer is None:  # most requests come in one piece and need no timer
            self._timer = self.loop.call_later(self.request_seconds, self._too_slow)

    def on_message_begin(self) -> None:
        """Note that a head begins."""
        super().on_message_begin()
        self._is_arriving = self._is_head = True
        self._head_bytes = self._body_bytes = self._frame_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what follows a body in chunks, for which no route waits, is left out (RFC 9110, 6.5.1)."""
        if self._is_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Count what belongs to the body: sizes of chunks and headers that follow it do not."""
        super().on_body(body)
        self._body_bytes += len(body)

    def on_headers_complete(self) -> None:
        """Note that the head is complete."""
        super().on_headers_complete()
        self._is_head = False

    def on_message_complete(self) -> None:
        """Note that the request is complete."""
        self._is_arriving = False
        self._stop_timer()
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        self._refuse(b"400 Bad Request", msg.encode("ascii"))

    def _should_upgrade_to_ws(self) -> bool:
        """Take a request for a WebSocket as one without: there are none, and so it passes what every request passes."""
        return False

    def _unsupported_upgrade_warning(self) -> None:
        if self.cycle is not None:
            self.cycle.keep_alive = False  # the parser reads nothing after a request for another protocol

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _too_slow(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._refuse(b"408 Request Timeout", b"the request was not complete in time")

    def _refuse(self, status: bytes, why: bytes) -> None:
        """Say why, unless the request has its answer already, and close; a route that waits for the body is told."""
        self._stop_timer()
        cycle = self.cycle
        is_body = self._is_arriving and not self._is_head
        if cycle is None or (not cycle.response_started if is_body else cycle.response_complete):
            headers = b"content-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n" % len(why)
            self.transport.write(b"HTTP/1.1 " + status + b"\r\n" + headers + b"\r\n" + why)
        self._disconnect(cycle)
        self._disconnect(self._answering)
        self.transport.close()
        self._start_unread_timer()

    @staticmethod
    def _disconnect(cycle: RequestResponseCycle | None) -> None:
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()

    def _start_unread_timer(self) -> None:
        """Give the client so long to read: a transport that is closed waits until everything has been sent."""
        if self._unread_timer is None and self.transport.get_write_buffer_size():
            self._unread_timer = self.loop.call_later(self.request_seconds, self.transport.abort)

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
