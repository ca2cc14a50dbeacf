"""What every request passes: which host was meant, how large it may be, and the headers of the answer.

Plain ASGI, once around everything, because each further layer would cost every request.
"""

import time
from collections.abc import Iterable

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from movierec.web.metrics import Metrics
from movierec.web.problems import API_PREFIX, ProblemError, problem_response

MAX_BODY_BYTES = 1_000_000  # of the API, for a thousand events
MAX_FORM_BYTES = 16_000  # of a page's form, which is taken apart letter by letter
MAX_PATH_BYTES = 4_000  # of the path and the query together
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
NOT_KEPT = (b"cache-control", b"no-store")  # of what says nothing else; some caches keep it for minutes then
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Guard:
    """Refuses what no route should see, sets the headers that every answer has, and counts."""

    def __init__(self, app: ASGIApp, metrics: Metrics, hosts: Iterable[str]) -> None:
        """Let through requests that name one of these hosts; `*` stands for all."""
        self.app, self.metrics = app, metrics
        self.hosts = {host.lower() for host in (*LOOPBACK, *hosts)}
        self.headers = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        # HEAD is what GET answers, without its body; the server goes on to know which of them it was
        is_head = scope["method"] == "HEAD"
        answered_scope = {**scope, "method": "GET"} if is_head else scope

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                seconds = time.perf_counter() - started
                timing = (b"server-timing", f"app;dur={seconds * 1000:.1f}".encode())
                headers = [*message.get("headers", ()), *self.headers, timing]
                if all(name != NOT_KEPT[0] for name, _ in headers):
                    headers.append(NOT_KEPT)
                message = {**message, "headers": headers}
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            problem = self._problem(scope)
            if problem:
                self.metrics.refused.labels("malformed").inc()
                await problem_response(problem)(answered_scope, receive, send_guarded)
            else:
                await self.app(answered_scope, _bound(receive, _most_bytes(scope)), send_guarded)
        finally:
            route = getattr(answered_scope.get("route"), "path", "none")
            self.metrics.observe(route, _known_method(scope["method"]), status, time.perf_counter() - started)

    def _problem(self, scope: Scope) -> ProblemError | None:
        headers = dict(scope["headers"])
        if sum(name == b"host" for name, _ in scope["headers"]) > 1:
            return ProblemError(400, "the request names more than one host")  # each reader would believe another one
        if "*" not in self.hosts and _host(headers.get(b"host", b"")) not in self.hosts:
            # Else a page of another site could read ours under a name that it lets point here (DNS rebinding).
            return ProblemError(421, "this host is not one of ours; MOVIEREC_WEB_ALLOWED_HOSTS names them")
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_PATH_BYTES:
            return ProblemError(414, f"the address is longer than the {MAX_PATH_BYTES:,} bytes that are allowed")
        length = headers.get(b"content-length", b"0")
        most = _most_bytes(scope)
        if not length.isdigit() or int(length) > most:
            return ProblemError(413, _too_large(most))
        return None


def _most_bytes(scope: Scope) -> int:
    return MAX_BODY_BYTES if scope["path"].startswith(API_PREFIX) else MAX_FORM_BYTES


def _too_large(most: int) -> str:
    return f"the body is larger than the {most:,} bytes that are allowed"


def _bound(receive: Receive, most: int) -> Receive:
    """Return a `receive` that ends a body without a stated length where it grows too large."""
    total = 0

    async def receive_bounded() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most:
            raise HTTPException(413, _too_large(most))  # FastAPI would make any other error one of the body's format
        return message

    return receive_bounded


def _host(header: bytes) -> str:
    """Return the host of a Host header in lower case, without its port."""
    text = header.decode("latin-1").lower()
    head, colon, port = text.rpartition(":")
    return head if colon and port.isdigit() and not text.endswith("]") else text


def _known_method(method: str) -> str:
    return method if method in ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE") else "other"
