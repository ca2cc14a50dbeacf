"""Serve the web application: `python -m movierec.web`.

The parent listens and hands its socket to the process that answers. When that process is restarted (SIGHUP to the
parent) or dies, requests wait in the socket's queue for the next one; none is refused.
"""

import gc
import logging
import os
import socket
import sys
from pathlib import Path

import uvicorn
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from uvicorn.supervisors import Multiprocess

from movierec.config import Settings
from movierec.errors import ConfigError, MovierecError
from movierec.web import keys
from movierec.web.app import create_app
from movierec.web.protocol import BoundedProtocol

FACTORY = "movierec.web.__main__:application"
BACKLOG = 2048
GRACE_SECONDS = 5

log = logging.getLogger("uvicorn.error")  # what the server says of itself


class Parent(Multiprocess):
    """Starts the process that answers again where it has ended, also where that is while it is asked how it is."""

    def keep_subprocess_alive(self) -> None:
        """Close the processes' ends of the pipes here, where they stay open otherwise.

        The answer of one that was killed would be awaited for `timeout_worker_healthcheck` seconds, and all requests
        with it.
        """
        for process in self.processes:
            process.child_conn.close()
        super().keep_subprocess_alive()


def application() -> object:
    """Return the application of this installation; the environment says which database it reads."""
    settings = Settings.from_env()
    hosts = (settings.web_host, *settings.web_allowed_hosts)
    app = create_app(require_database(), settings.state_folder.web_keys, hosts)
    # What is there now stays for good. Every full collection looks at the rest alone: else all requests wait some 50 ms
    # for each, twice a second under load.
    gc.collect()
    gc.freeze()
    return app


def main() -> None:
    """Listen, and keep one process answering."""
    settings = Settings.from_env()
    # what is wrong is said here, once, not by every process that starts
    require_database()
    is_new = require_keys(settings.state_folder.web_keys)
    config = uvicorn.Config(
        FACTORY,
        factory=True,
        workers=1,
        http=BoundedProtocol,
        loop="uvloop",
        lifespan="on",
        log_level="info",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=30,
        timeout_worker_healthcheck=60,
    )
    with listen(settings.web_host, settings.web_port) as listening:
        if is_new:
            log.info("wrote %s with a session secret and an API key", settings.state_folder.web_keys)
        Parent(config, [listening]).run()


def require_database() -> str:
    """Return libpq's connection string.

    Raises:
        ConfigError: MOVIEREC_WEB_DATABASE is not set, or no such string.
    """
    conninfo = os.environ.get("MOVIEREC_WEB_DATABASE", "")
    if not conninfo:
        raise ConfigError("MOVIEREC_WEB_DATABASE is not set; make up starts the web application with it")
    try:
        conninfo_to_dict(conninfo)
    except ProgrammingError as error:  # its message may repeat a password
        example = "host=db user=movierec_web"
        raise ConfigError(f"MOVIEREC_WEB_DATABASE is no connection string, such as: {example}") from error
    return conninfo


def require_keys(path: Path) -> bool:
    """Make sure that there are keys that can be read; return whether they are new, as at the first start.

    Raises:
        ConfigError: they cannot be read, or there are none and none can be written.
    """
    try:
        is_new = keys.write_missing(path)
    except OSError as error:
        reason = f"{path} is missing and cannot be written ({error.strerror})"
        raise ConfigError(f"{reason}; MOVIEREC_HOME names its folder") from error
    keys.read(path)
    return is_new


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        ConfigError: the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}); set MOVIEREC_WEB_PORT to a free port"
        ) from error
    listening.listen(BACKLOG)
    listening.set_inheritable(True)
    return listening


if __name__ == "__main__":
    try:
        main()
    except MovierecError as error:
        sys.exit(f"movierec: {error}")
