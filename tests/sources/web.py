"""A real HTTP server on the loopback that misbehaves as it is told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.http_servers import serving


@dataclass
class Site:
    """What the server has, what it is asked, and what goes wrong with the next answers.

    Attributes:
        content: bytes by path.
        etag: version that is named in every answer, or None.
        has_ranges: whether a part may be asked for.
        faults: one for each of the next answers: a status, or `cut` (the connection breaks after half the body).
        seen: headers of the requests.
        redirects: where a path is sent on to.
    """

    content: dict[str, bytes]
    etag: str | None = '"one"'
    has_ranges: bool = True
    faults: list[int | str] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)
    address: str = ""
    redirects: dict[str, str] = field(default_factory=dict)


@contextmanager
def serve(content: dict[str, bytes]) -> Iterator[Site]:
    """Run a server while the test lasts."""
    site = Site(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    site.address = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield site


class _Handler(BaseHTTPRequestHandler):
    site: Site

    def do_GET(self) -> None:
        site = self.site
        site.seen.append(dict(self.headers))
        fault = site.faults.pop(0) if site.faults else None
        body = site.content.get(self.path.partition("?")[0])
        if target := site.redirects.get(self.path.partition("?")[0]):
            self._answer(302, b"", {"Location": target})
        elif isinstance(fault, int) or body is None:
            self._answer(fault if isinstance(fault, int) else 404, b"", {"Retry-After": "0"})
        elif site.etag and self.headers.get("If-None-Match") == site.etag:
            self._answer(304, b"", {})
        else:
            self._send(body, fault)

    def _send(self, body: bytes, fault: str | None) -> None:
        site, asked = self.site, self.headers.get("Range")
        headers = {"ETag": site.etag} if site.etag else {}
        if asked and site.has_ranges and self.headers.get("If-Range") == site.etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            self._answer(206, body[start:], headers, fault)
        else:
            self._answer(200, body, headers, fault)

    def _answer(self, status: int, body: bytes, headers: dict[str, str], fault: str | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass
