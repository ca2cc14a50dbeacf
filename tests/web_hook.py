"""A web server on loopback that takes what is posted to it and answers as Slack does."""

import json
import ssl
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl


class Post(NamedTuple):
    """What was posted: where to, with which headers, and the fields of its JSON or form."""

    path: str
    headers: Message
    fields: dict[str, Any]


class WebHook(ThreadingHTTPServer):
    """Listens on a free port of loopback; `posts` are what came, in order, and `status` is the answer."""

    daemon_threads = True

    def __init__(self, certificate: Path | None = None) -> None:
        """Start without any post; with a certificate and its key, connections are encrypted."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posts: list[Post] = []
        self.status = 200
        if certificate:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(certificate)
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    @property
    def address(self) -> str:
        """Return host and port."""
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: WebHook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        is_json = "json" in self.headers["Content-Type"]
        fields = json.loads(body) if is_json else dict(parse_qsl(body))
        self.server.posts.append(Post(self.path, self.headers, fields))
        answer = b'{"ok": true}' if self.path.startswith("/api/") else b"ok"  # Slack's API, and its web hooks
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json" if answer != b"ok" else "text/plain")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
