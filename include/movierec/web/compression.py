"""Answers packed by gzip, for clients that accept it (RFC 9110, section 12.5.3)."""

import re

from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

_MEMBER = re.compile(r"\s*([^\s;,]+)\s*(?:;\s*q\s*=\s*([\d.]+)\s*)?")


class Gzip(GZipMiddleware):
    """Packs answers; Starlette's own class looks for the word alone, and so takes `gzip;q=0` for a yes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            wish = ",".join(Headers(scope=scope).getlist("accept-encoding"))
            others = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
            scope["headers"] = [*others, *([(b"accept-encoding", b"gzip")] if accepts_gzip(wish) else [])]
        await super().__call__(scope, receive, send)


def accepts_gzip(header: str) -> bool:
    """Tell whether an Accept-Encoding names gzip with a weight above 0; what cannot be read accepts nothing."""
    weights = {}
    for member in filter(str.strip, header.lower().split(",")):
        found = _MEMBER.fullmatch(member)
        if found:
            weights[found[1]] = found[2] or "1"
    weight = weights.get("gzip", weights.get("x-gzip", "0"))
    return re.fullmatch(r"0(\.0{0,3})?|1(\.0{0,3})?|0\.\d{1,3}", weight) is not None and float(weight) > 0
