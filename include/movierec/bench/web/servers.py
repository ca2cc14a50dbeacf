"""The web application and the bare route as processes of their own."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from movierec.config import Settings
from movierec.errors import MovierecError
from movierec.local import credentials, state
from movierec.local.opener import WITHOUT_PROXY
from movierec.local.postgres import embedded_server
from movierec.local.postgres.roles import WEB_ROLE
from movierec.web import keys

START_SECONDS = 120
PER_MINUTE = 10_000_000
BARE = ("uvicorn", "movierec.bench.web.bare:application", "--factory", "--http", "httptools", "--loop", "uvloop")


@dataclass(frozen=True)
class Process:
    """A server's process and port."""

    port: int
    process: subprocess.Popen[bytes]

    def restart(self) -> None:
        """Let the web application's parent replace the process that answers."""
        self.process.send_signal(signal.SIGHUP)


@contextmanager
def web_application(settings: Settings, database: str, port: int) -> Iterator[Process]:
    """Serve a warehouse by the web application; its key is `api_key`'s."""
    path = credentials.write_web_keys(settings)
    content = state.read_json(path)
    state.write_private(path, {**content, "api_keys": [{**content["api_keys"][0], "per_minute": PER_MINUTE}]})
    conninfo = embedded_server.conninfo(settings, database, WEB_ROLE)
    env = {"MOVIEREC_HOME": str(settings.home), "MOVIEREC_WEB_PORT": str(port), "MOVIEREC_WEB_DATABASE": conninfo}
    with _running((sys.executable, "-m", "movierec.web"), env, port, "/health") as process:
        yield process


@contextmanager
def bare_route(settings: Settings, database: str, port: int) -> Iterator[Process]:
    """Serve the yardstick."""
    env = {"MOVIEREC_WEB_DATABASE": embedded_server.conninfo(settings, database, WEB_ROLE)}
    command = (sys.executable, "-m", *BARE, "--port", str(port), "--log-level", "warning", "--no-access-log")
    with _running(command, env, port, "/") as process:
        yield process


def api_key(settings: Settings) -> str:
    """Return the key of the web application that `web_application` serves."""
    return next(iter(keys.read(settings.state_folder.web_keys).api_keys))


@contextmanager
def _running(command: tuple[str, ...], env: Mapping[str, str], port: int, path: str) -> Iterator[Process]:
    process = subprocess.Popen(command, env={**os.environ, **env}, stdin=subprocess.DEVNULL)
    try:
        _await_answer(process, f"http://127.0.0.1:{port}{path}")
        yield Process(port, process)
    finally:
        process.terminate()
        process.wait(20)


def _await_answer(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            WITHOUT_PROXY.open(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise MovierecError(f"{url} does not answer: {error}") from error
            time.sleep(0.1)
