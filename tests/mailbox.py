"""A mail server of the standard library's sockets, which keeps what it is sent."""

import email
import socketserver
from email import policy
from email.message import EmailMessage


class Mailbox(socketserver.ThreadingTCPServer):
    """Listens on a free port of loopback; `messages` are what came, in order."""

    daemon_threads = True

    def __init__(self) -> None:
        """Start without any message."""
        super().__init__(("127.0.0.1", 0), _Session)
        self.messages: list[EmailMessage] = []


class _Session(socketserver.StreamRequestHandler):
    """SMTP (RFC 5321), as far as a client without extensions needs it."""

    server: Mailbox

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline():
            command = line.split()[0].upper() if line.split() else b""
            if command == b"DATA":
                self._say("354 go on")
                self._keep()
            self._say("221 bye" if command == b"QUIT" else "250 ok")

    def _keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        message = email.message_from_bytes(b"".join(lines), policy=policy.default)
        self.server.messages.append(message)  # type: ignore[arg-type]

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
