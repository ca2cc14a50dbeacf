"""A mail server of the standard library's sockets, which keeps what it is sent."""

import email
import socketserver
import ssl
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from socket import socket
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Encryption = Literal["none", "starttls", "from the start"]


def make_certificate(path: Path) -> Path:
    """Write the certificate of a server on 127.0.0.1, which vouches for itself, and its key to a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    written_key = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(certificate.public_bytes(pem) + written_key)
    return path


class Mailbox(socketserver.ThreadingTCPServer):
    """Listens on a free port of loopback; `messages` are what came, in order."""

    daemon_threads = True

    def __init__(self, encryption: Encryption = "none", certificate: Path | None = None) -> None:
        """Start without any message; where connections are encrypted, with a certificate and its key."""
        super().__init__(("127.0.0.1", 0), _Session)
        self.messages: list[EmailMessage] = []
        self.encryption = encryption
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if certificate:
            self.tls.load_cert_chain(certificate)

    def get_request(self) -> tuple[socket, Any]:
        """Accept a connection, and encrypt it where that comes first."""
        connection, address = super().get_request()
        if self.encryption == "from the start":
            connection = self.tls.wrap_socket(connection, server_side=True)
        return connection, address


class _Session(socketserver.StreamRequestHandler):
    """SMTP (RFC 5321), as far as a client without extensions needs it."""

    server: Mailbox

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline():
            command = line.split()[0].upper() if line.split() else b""
            if command == b"EHLO" and self.server.encryption == "starttls":
                self._say("250-here")
                self._say("250 STARTTLS")
            elif command == b"STARTTLS" and self.server.encryption == "starttls":
                self._say("220 go on")
                self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
                self._open_files()
            elif command in (b"MAIL", b"DATA") and not self._is_encrypted():
                self._say("530 encrypt first")
            elif command == b"STARTTLS":
                self._say("502 not here")
            else:
                if command == b"DATA":
                    self._say("354 go on")
                    self._keep()
                self._say("221 bye" if command == b"QUIT" else "250 ok")

    def finish(self) -> None:
        """Close the connection that STARTTLS has put in the place of the one that the server closes."""
        super().finish()
        if self.connection is not self.request:
            self.connection.close()

    def _open_files(self) -> None:
        """Read and write by the connection as it is now."""
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = self.connection.makefile("wb", 0)

    def _is_encrypted(self) -> bool:
        return self.server.encryption == "none" or isinstance(self.connection, ssl.SSLSocket)

    def _keep(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        message = email.message_from_bytes(b"".join(lines), policy=policy.default)
        self.server.messages.append(message)  # type: ignore[arg-type]

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
