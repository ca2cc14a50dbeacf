"""The web application among this machine's processes: where it is, whether it answers, how it takes over new code."""

import json
import os
import signal
import time
import urllib.error
from collections.abc import Callable
from dataclasses import replace

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local.opener import WITHOUT_PROXY

COMPONENT = "web"
MAX_WAIT_SECONDS = 60.0
ANSWER_SECONDS = 5.0


def web_url(settings: Settings) -> str:
    """Return the address of the pages for viewers."""
    host = f"[{settings.web_host}]" if ":" in settings.web_host else settings.web_host
    return f"http://{host}:{settings.web_port}"


def web_line(settings: Settings) -> str:
    """Return the address of the pages, and of the file with the API keys, on one line."""
    return f"Movies for viewers: {web_url(settings)}  API keys: in {settings.state_folder.web_keys}"


def health(settings: Settings) -> str:
    """Return what the application says of itself: ok, no version, or why there is no answer."""
    try:
        with WITHOUT_PROXY.open(f"{web_url(_reachable(settings))}/health", timeout=ANSWER_SECONDS) as response:
            return str(json.load(response)["status"])
    except urllib.error.HTTPError as error:
        with error:
            return f"answers {error.code}"
    except (OSError, ValueError, KeyError):
        return "does not answer"


def await_answering(settings: Settings, failure_reason: Callable[[], str]) -> None:
    """Return once the application answers.

    Args:
        settings: the installation.
        failure_reason: returns why the group gave up, or an empty string while it runs.

    Raises:
        MovierecError: the group gave up, or it takes too long.
    """
    deadline = time.monotonic() + MAX_WAIT_SECONDS
    while (condition := health(settings)) not in ("ok", "no version"):
        if reason := failure_reason():
            raise MovierecError(f"the web application did not come up: {reason}")
        if time.monotonic() > deadline:
            log = settings.state_folder.log(COMPONENT)
            raise MovierecError(
                f"the web application is not ready after {MAX_WAIT_SECONDS:.0f} s: {condition}; its log: {log}"
            )
        time.sleep(0.3)


def reload(pid: int) -> None:
    """Let the application take over new code: the next process answers before the last one ends."""
    os.kill(pid, signal.SIGHUP)


def _reachable(settings: Settings) -> Settings:
    """Return settings with an address to which one can connect, where the application listens on all of them."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (asked for by the setting)
    return replace(settings, web_host=everywhere.get(settings.web_host, settings.web_host))
