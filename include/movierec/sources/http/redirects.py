"""Where a server may send us: to itself and to the public internet; into a private network only where that is set.

Otherwise whoever answers for a dataset's URL could have us ask what only this machine can reach.
"""

from http.client import HTTPMessage
from typing import IO
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request

from movierec.config import Settings
from movierec.errors import SourceError
from movierec.sources.http.addresses import is_private, printable_url


class Redirects(HTTPRedirectHandler):
    """Follows a redirect if it is allowed."""

    def __init__(self, url: str) -> None:
        """Start from `url`, whose own host is always allowed."""
        self._url = url

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Return the request to go on with.

        Raises:
            SourceError: the redirect leads elsewhere than allowed.
        """
        problem = self._problem(req.full_url, newurl)
        if problem:
            fp.close()
            where = printable_url(self._url)
            raise SourceError(f"{where} redirects to {printable_url(newurl)}, which {problem}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def _problem(self, before: str, target: str) -> str:
        parts = urlsplit(target)
        host = parts.hostname or ""
        if parts.scheme not in ("http", "https") or (urlsplit(before).scheme == "https" and parts.scheme != "https"):
            return "is not encrypted as the first address was; allowed is https"
        allowed = (urlsplit(self._url).hostname, *Settings.from_env().private_hosts)
        if host not in allowed and is_private(host):
            return "is in a private network; allowed are public addresses, and those of MOVIEREC_PRIVATE_HOSTS"
        return ""
