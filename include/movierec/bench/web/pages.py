"""The server time of every page, as the header Server-Timing of each answer says it."""

import random
import re
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http import HTTPStatus

from movierec.config import Settings
from movierec.local.opener import WITHOUT_PROXY
from movierec.web import keys
from movierec.web.sessions import COOKIE, Session, SessionCookie

PAGES = ("/for-you", "/movies/{movie}", "/search?q={text}", "/suggest?q={text}", "/new", "/welcome", "/said", "/about")
TEXTS = ("the lsat mar", "bacordel", "little quil", "kelmarn", "a story", "zelwenra retrns", "unvi", "hol")


def measure(
    settings: Settings, port: int, users: int, movies: int, times: int, asked: Sequence[str] = PAGES
) -> dict[str, list[float]]:
    """Return milliseconds of server time by page, each asked for by so many viewers."""
    secret = keys.read(settings.state_folder.web_keys).session_secret
    draw = random.Random(1)  # noqa: S311 (which viewers are asked for)
    found: dict[str, list[float]] = {page: [] for page in asked}
    for number in range(times):
        cookie = SessionCookie(secret).write(Session(viewer=draw.randint(1, users)))
        for page in asked:
            address = page.format(movie=draw.randint(1, movies), text=TEXTS[number % len(TEXTS)].replace(" ", "+"))
            found[page].append(_server_milliseconds(port, address, cookie))
    return found


def _server_milliseconds(port: int, address: str, cookie: str) -> float:
    headers = {"cookie": f"{COOKIE}={cookie}", "accept": "text/html", "accept-encoding": "gzip"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{address}", headers=headers)
    while True:
        try:
            with WITHOUT_PROXY.open(request, timeout=30) as answer:
                answer.read()
                timing = re.search(r"app;dur=([\d.]+)", answer.headers["server-timing"])
            return float(timing[1]) if timing else 0.0
        except urllib.error.HTTPError as error:
            # All viewers ask from one address here, and fast pages reach its limit.
            with error:
                if error.code != HTTPStatus.TOO_MANY_REQUESTS:
                    raise
                time.sleep(float(error.headers["retry-after"]))


def percentile(values: Sequence[float], percent: float) -> float:
    """Return a percentile."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)]
