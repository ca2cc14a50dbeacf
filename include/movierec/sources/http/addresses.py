"""URLs: what of them may be printed, and whether they lead into a private network."""

import ipaddress
import re
import socket
from urllib.parse import urlsplit, urlunsplit


def is_url(text: str) -> bool:
    """Tell a URL from a path."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text) is not None


def printable_url(url: str) -> str:
    """Return a URL as it may be printed: without login and query, which can be secrets."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def without_secrets(location: str) -> str:
    """Return a path as it is, and a URL as it may be kept and printed."""
    return printable_url(location) if is_url(location) else location


def is_private(host: str) -> bool:
    """Tell whether a host has an address that is not on the public internet, such as 127.0.0.1 or 10.0.0.1.

    A name that cannot be resolved here has none; whoever connects to it, such as a proxy, finds out.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(not ipaddress.ip_address(str(address[4][0]).partition("%")[0]).is_global for address in found)
